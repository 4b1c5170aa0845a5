"""Loading of the tables of a backup into an empty database: migrate, fill, and compare with the backup."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor

from custrata.config.tables import BATCH, ENCODING, ERRORS, BackupTable, tables_to_back_up, tally_of
from custrata.errors import BadInput, Refused

NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what PostgreSQL cannot hold
SUSPECT = re.compile("[\ud800-\udfff]|\\\\u0000")  # matches lines with such a character
REPLACEMENT = "\ufffd"
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, StopIteration)
# Columns whose JSON values need no conversion for the database.
PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)

Migration = tuple[str, str]
Convert = Callable[[Any], Any]


class UnreadableTable(BadInput):
    template = "The table {table} in the backup cannot be restored: {reason}. Nothing was restored."


class BrokenReferences(Refused):
    template = "Rows in the backup refer to rows that are not in it: {reason}. Nothing was restored."


class RestoreDiffers(Refused):
    template = (
        "The restored table {table} differs from the backup: {rows} rows were backed up and {restored} restored, "
        "checksums {content} and {restored_content}. Nothing was restored."
    )


class UnknownMigrations(Refused):
    template = (
        "The backup was made by a newer version: its database has {app}.{name}, which this version does not know. "
        "Upgrade first, then restore."
    )


@dataclass(frozen=True)
class Replaced:
    """Values that the database could not store unchanged: their number in a column, and the key of a row as example."""

    table: str
    column: str
    count: int
    example: str


def load_tables(folder: Path, head: Mapping[str, Any]) -> list[Replaced]:
    """Fill an empty database: migrate it to the state of the backup, load and compare every table, migrate to current.

    Parameters: `folder` holds the tables, `head` is the metadata of the backup. References are checked after all tables
    are loaded, so their order does not matter.

    Raises `UnknownMigrations`, `UnreadableTable`, `BrokenReferences`, `RestoreDiffers`.
    """
    then = _migrated([(str(app), str(name)) for app, name in head["migrations"]])
    replaced: list[Replaced] = []
    with transaction.atomic():
        labels = {model._meta.label_lower for model in then.get_models(include_auto_created=True)}
        tables = tables_to_back_up(then, without={label for label in labels if label not in head["rows"]})
        for table in tables:
            replaced += _load(table, folder / table.file)
        try:
            connection.check_constraints()
        except DatabaseError as error:
            raise BrokenReferences(reason=_first_line(error)) from error
        _compare(tables, head, {values.table for values in replaced})
        _set_sequences(tables)
    call_command("migrate", interactive=False, verbosity=0)
    return replaced


def _migrated(migrations: list[Migration]) -> Any:
    executor = MigrationExecutor(connection)
    loader = executor.loader
    on_disk = loader.disk_migrations
    known_migrations = set(on_disk) | {old for migration in on_disk.values() for old in migration.replaces}
    for app, name in migrations:
        if app in loader.migrated_apps and (app, name) not in known_migrations:
            raise UnknownMigrations(app=app, name=name)
    targets = _newest(executor, {name for name in migrations if name in loader.graph.nodes})
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


def _newest(executor: MigrationExecutor, applied: set[Migration]) -> list[Migration]:
    """The latest of the applied migrations of each app."""
    nodes = executor.loader.graph.node_map
    return [name for name in sorted(applied)
            if not any(child.key in applied and child.key[0] == name[0] for child in nodes[name].children)]  # fmt: skip


def _load(table: BackupTable, file: Path) -> list[Replaced]:
    sanitizer = _Sanitizer(table) if connection.vendor == "postgresql" else None
    try:
        with file.open(encoding=ENCODING, errors=ERRORS) as text:
            columns = _columns(table, json.loads(next(text)))
            converts = [_converter(column) for column in columns]
            emptied = [place for place, column in enumerate(columns) if column.attname in table.emptied]
            _insert(table, columns, _rows(text, columns, converts, emptied, sanitizer))
    except FileNotFoundError as error:
        raise UnreadableTable(table=table.label, reason=error.strerror) from error
    except UNREADABLE as error:
        raise UnreadableTable(table=table.label, reason=_first_line(error)) from error
    except ValidationError as error:
        raise UnreadableTable(table=table.label, reason=" ".join(error.messages)) from error
    except DatabaseError as error:
        raise UnreadableTable(table=table.label, reason=_first_line(error)) from error
    return sanitizer.replaced() if sanitizer else []


def _columns(table: BackupTable, names: Any) -> list[models.Field[Any, Any]]:
    fields = {column.attname: column for column in table.fields}
    columns = [fields[name] for name in names]
    if len(set(names)) != len(names):
        raise ValueError("a column comes twice")
    return columns


def _rows(
    text: Iterable[str],
    columns: list[models.Field[Any, Any]],
    converts: list[Convert | None],
    emptied: list[int],
    sanitizer: _Sanitizer | None,
) -> Iterator[list[Any]]:
    for line in text:
        row = json.loads(line)
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError("a row has other columns than the table")
        for place in emptied:
            row[place] = None
        if sanitizer:
            sanitizer.sanitize(row, columns, suspect=SUSPECT.search(line) is not None)
        yield [convert(value) if convert else value for convert, value in zip(converts, row, strict=True)]


def _converter(column: models.Field[Any, Any]) -> Convert | None:
    """The conversion from JSON to database values; None where none is needed."""
    last = column
    while last.related_model is not None and isinstance(last, models.ForeignKey):
        last = last.target_field
    if isinstance(last, PLAIN) and type(last).__module__.startswith("django.db.models.fields"):
        return None

    if isinstance(column, models.JSONField):
        return lambda value: _json(column, value)
    return lambda value: column.get_db_prep_save(column.to_python(value), connection)


def _json(column: models.JSONField[Any, Any], value: Any) -> Any:
    if value is None and column.null:
        return None
    return connection.ops.adapt_json_value(value, column.encoder)


def _insert(table: BackupTable, columns: list[models.Field[Any, Any]], rows: Iterator[list[Any]]) -> None:
    """Insert many rows: by COPY on PostgreSQL, by one prepared statement on SQLite."""
    quote = connection.ops.quote_name
    into = f"{quote(table.model._meta.db_table)} ({', '.join(quote(str(column.column)) for column in columns)})"
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        statement = f"INSERT INTO {into} VALUES ({', '.join(['%s'] * len(columns))})"
        while batch := list(islice(rows, BATCH)):  # all at once would stay in memory until the last
            cursor.executemany(statement, batch)


class _Sanitizer:
    """Replaces characters that SQLite can store and PostgreSQL cannot, and counts the changed values."""

    def __init__(self, table: BackupTable) -> None:
        self.table = table
        self.counts: dict[str, tuple[int, str]] = {}
        self.limits = {column.attname: column.max_length for column in table.fields
                       if isinstance(column, models.CharField) and column.max_length}  # fmt: skip

    def sanitize(self, row: list[Any], columns: list[models.Field[Any, Any]], *, suspect: bool) -> None:
        """Sanitize the row in place."""
        for place, column in enumerate(columns):
            value = row[place]
            limit = self.limits.get(column.attname)
            clean = _without(value) if suspect else value
            if limit and isinstance(clean, str) and len(clean) > limit:
                clean = clean[:limit]
            if clean != value:
                row[place] = clean
                count, example = self.counts.get(column.attname, (0, str(row[0])))
                self.counts[column.attname] = count + 1, example

    def replaced(self) -> list[Replaced]:
        """The replaced values, by column."""
        return [Replaced(self.table.label, name, *count_and_example) for name, count_and_example in self.counts.items()]


def _without(value: Any) -> Any:
    if isinstance(value, str):
        return NO_TEXT.sub(REPLACEMENT, value)
    if isinstance(value, list):
        return [_without(below) for below in value]
    if isinstance(value, dict):
        return {_without(key): _without(below) for key, below in value.items()}
    return value


def _compare(tables: list[BackupTable], head: Mapping[str, Any], replaced: set[str]) -> None:
    """Compare every table with the backup, except those with replaced values. Raises `RestoreDiffers`."""
    contents = head.get("contents", {})
    for table in tables:
        if table.label in contents and table.label not in replaced:
            tally = tally_of(table)
            rows, content = head["rows"].get(table.label), contents[table.label]
            if (tally.rows, tally.content) != (rows, content):
                raise RestoreDiffers(table=table.label, rows=rows, restored=tally.rows, content=content,
                                     restored_content=tally.content)  # fmt: skip


def _set_sequences(tables: list[BackupTable]) -> None:
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in tables])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _first_line(error: Exception) -> str:
    """The first line of an error message, without the rows that a database may quote below."""
    return next(chain(str(error).strip().splitlines(), [type(error).__name__]))
