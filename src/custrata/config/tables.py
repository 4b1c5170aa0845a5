"""The tables of the server's database as JSON lines: which are backed up, and their content.

The lines do not depend on the database engine, so two databases can be compared by them.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any
from uuid import UUID

from django.apps import apps
from django.apps.registry import Apps
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils.duration import duration_string

BATCH = 2_000
# Sessions and failed sign-ins are not backed up, nor are rows that require them; everything else is.
LEFT_OUT_APPS = frozenset({"sessions", "axes"})
EXACT = 2**53  # up to here floats represent all integers exactly
MARK = 16  # bytes of a row's checksum
ENCODING, ERRORS = "utf-8", "surrogatepass"  # JSON in SQLite may contain unpaired surrogates


@dataclass(frozen=True)
class BackupTable:
    """A model that is backed up: its columns, and the references that are set to NULL."""

    model: type[models.Model]
    fields: tuple[models.Field[Any, Any], ...]
    emptied: frozenset[str]

    @property
    def label(self) -> str:
        """The name of the model in a backup."""
        return self.model._meta.label_lower

    @property
    def file(self) -> str:
        """The name of its file in a backup."""
        return f"{self.label}.jsonl"


@dataclass
class Tally:
    """The number of rows of a table, and a checksum of their contents that does not depend on their order."""

    rows: int = 0
    emptied: int = 0
    _sum: int = field(default=0, repr=False)

    def add(self, line: str) -> None:
        """Count a row."""
        mark = blake2b(line.encode(ENCODING, ERRORS), digest_size=MARK).digest()
        self._sum = (self._sum + int.from_bytes(mark)) % 2 ** (8 * MARK)
        self.rows += 1

    @property
    def content(self) -> str:
        """The checksum."""
        return f"{self._sum:0{2 * MARK}x}"


def tables_to_back_up(registry: Apps, without: Container[str] = ()) -> list[BackupTable]:
    """The tables that are backed up, of the current models or of a state in the migrations.

    Parameters: `without` are labels of further models to leave out, which a backup does not have.

    Models with a required reference to a model that is left out are left out, too; nullable references are set to NULL.
    Both are derived from the models.
    """
    stored = [model for model in registry.get_models(include_auto_created=True)
              if model._meta.managed and not model._meta.proxy]  # fmt: skip
    gone = {model for model in stored
            if model._meta.app_label in LEFT_OUT_APPS or model._meta.label_lower in without}  # fmt: skip
    while needing := {model for model in stored if model not in gone and any(not to.null for to in _to(model, gone))}:
        gone |= needing
    return [
        BackupTable(
            model,
            _columns(model),
            frozenset(column.attname for column in _to(model, gone)),
        )
        for model in stored
        if model not in gone
    ]


def _columns(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    """The columns of a model in a fixed order, the key first: the order in models changes with migrations."""
    stored = (column for column in model._meta.local_concrete_fields if not column.generated)
    return tuple(sorted(stored, key=lambda column: (not column.primary_key, column.attname)))


def _to(model: type[models.Model], gone: set[type[models.Model]]) -> list[models.Field[Any, Any]]:
    """The references of a model to models that are left out."""
    columns = model._meta.local_concrete_fields
    return [column for column in columns if column.related_model is not None and _stored(column) in gone]


def _stored(column: models.Field[Any, Any]) -> type[models.Model]:
    target = column.related_model
    assert isinstance(target, type)
    concrete: type[models.Model] = target._meta.concrete_model or target
    return concrete


def lines(table: BackupTable, tally: Tally) -> Iterator[str]:
    """The rows of a table as JSON lines, added to the tally."""
    names = [column.attname for column in table.fields]
    emptied = [place for place, name in enumerate(names) if name in table.emptied]
    loose = [place for place, column in enumerate(table.fields) if isinstance(column, models.JSONField)]
    rows = table.model._base_manager.order_by("pk").values_list(*names).iterator(chunk_size=BATCH)
    for stored in rows:
        row = list(stored)
        for place in emptied:
            tally.emptied += row[place] is not None
            row[place] = None
        line = as_line(row)
        tally.add(_normalized_line(row, loose) if loose else line)
        yield line


def tally_of(table: BackupTable) -> Tally:
    """The row count and checksum of a table."""
    tally = Tally()
    for _ in lines(table, tally):
        pass
    return tally


def dump_tables(folder: Path, *, release: Callable[[], None]) -> dict[str, Any]:
    """Write every table as JSON lines, in one snapshot; returns migrations, and row counts and checksums by table.

    `release` is called as soon as the snapshot is taken, so that writers do not wait for the dump.
    """
    folder.mkdir(parents=True)
    with _consistent_snapshot():
        applied = sorted(MigrationRecorder(connection).applied_migrations())
        release()
        tallies = {table.label: _dump(table, folder) for table in tables_to_back_up(apps)}
    return {
        "migrations": [list(name) for name in applied],
        "rows": {label: tally.rows for label, tally in tallies.items()},
        "contents": {label: tally.content for label, tally in tallies.items()},
        "emptied": {label: tally.emptied for label, tally in tallies.items() if tally.emptied},
    }


@contextmanager
def _consistent_snapshot() -> Iterator[None]:
    """A snapshot transaction that does not block writers."""
    if connection.vendor != "sqlite":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield
        return
    connection.ensure_connection()
    mode = connection.transaction_mode  # type: ignore[attr-defined]  # SQLite's own
    connection.transaction_mode = "DEFERRED"  # type: ignore[attr-defined]  # the first read takes the snapshot
    try:
        with transaction.atomic():
            yield
    finally:
        connection.transaction_mode = mode  # type: ignore[attr-defined]  # as it was


def _dump(table: BackupTable, folder: Path) -> Tally:
    tally = Tally()
    with open(_new(folder / table.file), "w", encoding=ENCODING, errors=ERRORS) as out:
        out.write(json.dumps([column.attname for column in table.fields]) + "\n")
        out.writelines(line + "\n" for line in lines(table, tally))
    return tally


def _new(path: Path) -> int:
    return os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)


def _normalized_line(row: list[Any], loose: list[int]) -> str:
    """The line of a row with normalized numbers in JSON: PostgreSQL does not distinguish 1 and 1.0."""
    row = list(row)
    for place in loose:
        row[place] = normalized(row[place])
    return as_line(row)


def normalized(value: Any) -> Any:
    """A JSON value with numbers in a form that does not depend on the database.

    >>> normalized({"a": [1.0, 1, 1e20, 10**20, 0.5, True]})
    {'a': [1, 1, 1e+20, 1e+20, 0.5, True]}
    """
    if isinstance(value, dict):
        return {key: normalized(below) for key, below in value.items()}
    if isinstance(value, list):
        return [normalized(below) for below in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= EXACT:
        return int(value)
    if isinstance(value, int) and abs(value) > EXACT:
        try:
            return float(value)
        except OverflowError:
            return str(value)
    return value


def _as_text(value: object) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, timedelta):
        return duration_string(value)
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    raise TypeError(f"a backup cannot hold {value!r}")


as_line = json.JSONEncoder(default=_as_text, ensure_ascii=False, sort_keys=True).encode
