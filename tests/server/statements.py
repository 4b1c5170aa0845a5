"""The SQL statements that tests run on SQLite, and which tests are enough to run each of them on PostgreSQL too.

`make test` runs all tests on SQLite and records the statements of each in a file, by their shape: without values, lists
of any length alike, and with the error that was raised. On PostgreSQL it then runs the tests marked `database`, whose
result depends on the database itself (locks, constraints, order, search, processes); those without a record, such as
skipped ones; and of the others as many as it takes to run every statement there once.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha1
from heapq import heapify, heapreplace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|%s")
LIST = re.compile(r"\?(?:, \?)+")
ROWS = re.compile(r"(\([?() ]*\))(?:, \1)+")
SAVEPOINT = re.compile(r'"\w+_x\d+"')
OVERHEAD = 0.05  # seconds of a test in which nothing happens


@dataclass(frozen=True)
class Record:
    """The time that a test took, and the shapes of the statements that it ran."""

    seconds: float
    shapes: frozenset[str]


def shape_of(statement: str) -> str:
    """A statement without its values.

    >>> shape_of("SELECT a FROM t WHERE b IN (%s, %s) AND c = 'x' LIMIT 21")
    'SELECT a FROM t WHERE b IN (?) AND c = ? LIMIT ?'
    >>> shape_of("INSERT INTO t VALUES (%s, %s), (%s, %s)")
    'INSERT INTO t VALUES (?)'
    """
    return ROWS.sub(r"\1", LIST.sub("?", LITERAL.sub("?", SAVEPOINT.sub("?", statement))))


def enough(records: Mapping[str, Record], covered: Iterable[str] = ()) -> set[str]:
    """Tests that take little time and run every statement that the covered tests do not.

    >>> records = {"long": Record(1.5, frozenset("ab")), "short": Record(1, frozenset("a"))}
    >>> enough(records), enough(records, {"long"})
    ({'long'}, {'long'})
    """
    chosen = set(covered) & set(records)
    missing = frozenset[str]().union(*(record.shapes for record in records.values()))
    missing -= frozenset[str]().union(*(records[name].shapes for name in chosen))
    best = [(-len(record.shapes) / record.seconds, name) for name, record in records.items()]
    heapify(best)
    while missing:
        name = best[0][1]
        worth = (-len(records[name].shapes & missing) / records[name].seconds, name)
        if heapreplace(best, worth) == worth:  # as good as it was when it was compared with the others
            chosen.add(name)
            missing -= records[name].shapes
    return chosen


def read_records(file: Path) -> dict[str, Record]:
    """The records of a file, by the names of the tests."""
    lines = map(json.loads, file.read_text("utf-8").splitlines())
    return {line["name"]: Record(line["seconds"], frozenset(line["shapes"])) for line in lines}


class Recorder:
    """Appends a line for each test with the statements that the connection of its thread ran."""

    def __init__(self, file: Path) -> None:
        self.file, self.shapes = file, set[str]()

    def __call__(self, execute: Callable[..., Any], sql: str, params: object, many: bool, context: object) -> Any:
        outcome = ""
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            outcome = type(error).__name__
            raise
        finally:
            self.shapes.add(sha1(f"{shape_of(sql)} {outcome}".encode()).hexdigest()[:12])

    @contextmanager
    def recording(self, item: pytest.Item) -> Iterator[None]:
        """Record what is run until a test has ended, its fixtures with it."""
        began = time.perf_counter()
        with connection.execute_wrapper(self):
            yield
        seconds = time.perf_counter() - began + OVERHEAD
        line = {"name": item.nodeid, "seconds": round(seconds, 3), "shapes": sorted(self.shapes)}
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")


def deselect_repetitions(config: pytest.Config, items: list[pytest.Item], file: Path) -> None:
    """Leave out the tests that run nothing on PostgreSQL that others do not."""
    records = read_records(file)
    chosen = enough(records, {item.nodeid for item in items if item.get_closest_marker("database")})
    left_out = [item for item in items if item.nodeid in records.keys() - chosen]
    items[:] = [item for item in items if item.nodeid not in records.keys() - chosen]
    config.hook.pytest_deselected(items=left_out)


def statements_file() -> Path | None:
    """The file that the environment names for the records."""
    name = os.environ.get("CUSTRATA_TEST_STATEMENTS")
    return Path(name).absolute() if name else None
