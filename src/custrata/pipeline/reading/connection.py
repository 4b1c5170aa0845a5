"""The engine of this process that serves pages: few threads, little memory, any number of concurrent readers."""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.engine import DuckEngine
from custrata.engine.deadline import in_time, watch

THREADS, MEMORY = 2, "256MB"

_LOCK = Lock()
_ENGINES: dict[tuple[int, str], DuckEngine] = {}


@dataclass(frozen=True)
class Serving:
    """Resource limits of reading: threads, and memory such as `256MB`."""

    threads: int = THREADS
    memory: str = MEMORY

    @property
    def engine(self) -> DuckEngine:
        """The engine of this process, opened once."""
        with _LOCK:
            key = (self.threads, self.memory)
            if key not in _ENGINES:
                _ENGINES[key] = _opened(self.threads, self.memory)
            return _ENGINES[key]

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for a few queries."""
        cursor = self.engine.raw.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            connection = Connection(cursor)
            watch(connection, cursor.interrupt)
            with in_time():
                yield connection
        finally:
            cursor.close()


class Connection:
    """The connection of one reader; any number may be open at once."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._registered = 0

    def table(self, sql: str, values: Sequence[object] = ()) -> pa.Table:
        """The result, in memory."""
        return self._cursor.execute(sql, list(values)).to_arrow_table()

    def batches(self, sql: str, values: Sequence[object], rows: int) -> pa.RecordBatchReader:
        """The result in batches of so many rows."""
        return self._cursor.execute(sql, list(values)).to_arrow_reader(rows)

    def parquet(self, path: Path) -> ir.Table:
        """A Parquet file as an Ibis table, which is computed on this connection."""
        return ibis.duckdb.from_connection(self._cursor).read_parquet(path)

    def register(self, table: pa.Table) -> str:
        """Register an Arrow table for queries; returns its name."""
        self._registered += 1
        name = f"registered_{self._registered}"
        self._cursor.register(name, table)
        return name


def warm_up() -> None:
    """Open the engine and run a first query, so that the first request does not have to load it."""
    with Serving().connect() as connection:
        connection.table("SELECT ? AS ready", [True])


def _opened(threads: int, memory: str) -> DuckEngine:
    engine = DuckEngine(threads=threads, memory_limit=memory)
    # Caches file footers until a file changes.
    engine.raw.execute("SET parquet_metadata_cache = true")
    atexit.register(engine.close)
    return engine


def quoted(name: str) -> str:
    """An SQL identifier, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string literal, quoted."""
    return "'" + text.replace("'", "''") + "'"
