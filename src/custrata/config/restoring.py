"""Restore of a backup into a new folder and an empty database, atomically.

A database outside of the folder cannot be switched atomically with the folder. So while it is filled it has a table
with a secret, and the restored folder has the same secret in a file. After a killed restore they tell its state: if the
folder is in place, the restore is complete; otherwise the content of the database was never in use, and it is emptied
and filled again.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from custrata.config.backup import NOTE
from custrata.config.database import migration_lock
from custrata.config.loading import Replaced, RestoreDiffers, load_tables
from custrata.config.tables import LEFT_OUT_APPS
from custrata.errors import Refused
from custrata.lake import Workspace
from custrata.lake.durable import sync
from custrata.lake.locks import locked

NOTE_TABLE, MIGRATIONS = "custrata_restoring", "django_migrations"
WAIT = 60.0
# Tables that Django fills during migrations, or at sign-in.
AUTOFILLED_APPS = LEFT_OUT_APPS | {"contenttypes", "auth"}
FUNCTIONS = """
    SELECT DISTINCT p.oid::regprocedure::text FROM pg_proc p JOIN pg_depend d ON d.refobjid = p.oid
    WHERE d.refclassid = 'pg_proc'::regclass AND p.pronamespace = current_schema()::regnamespace AND (
        d.classid = 'pg_trigger'::regclass
        AND d.objid IN (SELECT oid FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[]))
        OR d.classid = 'pg_class'::regclass
        AND d.objid IN (SELECT indexrelid FROM pg_index WHERE indrelid = ANY(%s::regclass[]))
    ) AND NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.objid = p.oid AND e.deptype = 'e')
"""


class DatabaseNotEmpty(Refused):
    template = "The database already has {rows} rows in {table}. Restore into a new database."


class RestoreUnfinished(Refused):
    template = "A restore into this database is in progress or was not finished. Run it again, or use another database."


@dataclass(frozen=True)
class Restored:
    """A restored backup that is not yet in place: the workspace, and the database that Django is connected to.

    `taken_at` is when the backup was made, `at` the current time.
    """

    workspace: Workspace
    taken_at: datetime
    at: datetime
    replaced: list[Replaced] = field(default_factory=list)


# Steps after the tables are loaded and before the restored workspace is put in place, in this order. Each returns a
# message or None; an exception aborts the restore, and nothing is restored.
STEPS: list[Callable[[Restored], str | None]] = []


def fill(
    unpacked: Path, head: Mapping[str, Any], workspace: Workspace, *, target: Path, at: datetime
) -> tuple[Restored, list[str]]:
    """Fill the database, run the steps, and put the workspace in place; returns the messages of the steps.

    Parameters: `unpacked` is the unpacked backup, `head` its metadata, `workspace` its workspace, `target` an empty or
    missing folder.

    Raises `DatabaseNotEmpty`, `Busy`, `RestoreDiffers`, and what `load_tables` and the steps raise.
    """
    _compare_facts(workspace, head)
    inside = _is_inside(workspace.folder)
    with nullcontext() if inside else _restore_lock():
        if not inside:
            secret = secrets.token_hex(16)
            _reset_database(secret)
            (settings.STATE / NOTE).write_text(secret, "ascii")
        replaced = load_tables(unpacked / "database", head)
        restored = Restored(workspace, datetime.fromisoformat(head["at"]), at, replaced)
        lines = [line for step in STEPS if (line := step(restored))]
        if inside:
            connection.close()
        _move_into_place(workspace.folder, target)
        if not inside:
            _clear_note(target / settings.STATE.name)
    return restored, lines


def finish_restore(state: Path) -> bool:
    """Finish a restore that was killed after everything was in place; returns whether there was one.

    Parameters: `state` is the server's folder in a workspace.

    Raises `RestoreUnfinished` where a restore was killed earlier, or is running.
    """
    state.mkdir(exist_ok=True, mode=0o700)  # SQLite may lie in it
    note = state / NOTE
    finished = note.exists()
    with connection.cursor() as cursor:
        if NOTE_TABLE in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT secret FROM {NOTE_TABLE}")
            if not finished or cursor.fetchone() != (note.read_text("ascii"),):
                raise RestoreUnfinished
    if finished:
        _clear_note(state)
    return finished


def _clear_note(state: Path) -> None:
    """Remove the secrets of a finished restore: first from the database, so that the file alone means finished."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {NOTE_TABLE}")
    (state / NOTE).unlink(missing_ok=True)


def _move_into_place(folder: Path, target: Path) -> None:
    """Move a folder to the place of an empty one, durably."""
    os.sync()
    if target.exists():
        target.rmdir()
    folder.rename(target)
    sync(target.absolute().parent)


def _compare_facts(workspace: Workspace, head: Mapping[str, Any]) -> None:
    """Compare the row counts of the lake's files with the backup. Raises `RestoreDiffers`."""
    snapshot = workspace.lake.snapshot()
    for name, rows in head.get("facts", {}).items():
        restored = sum(pq.read_metadata(file).num_rows for file in snapshot.files.get(name, ()))
        if restored != rows:
            raise RestoreDiffers(table=name, rows=rows, restored=restored, content="-", restored_content="-")


def _is_inside(folder: Path) -> bool:
    """Whether the database is in the folder, and put in place with it."""
    return connection.vendor == "sqlite" and _database_path().resolve().is_relative_to(folder.resolve())


def _database_path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


@contextmanager
def _restore_lock() -> Iterator[None]:
    """Lock the database against other restores and migrations. Raises `Busy`."""
    if connection.vendor != "sqlite":
        with migration_lock(wait=WAIT):
            yield
        return
    lock = _database_path().with_name(f".{_database_path().name}.restoring")
    with locked(lock, wait=WAIT):
        yield
        lock.unlink(missing_ok=True)


def _reset_database(secret: str) -> None:
    """Empty the database and note in it that it is being filled; refuse one that is in use.

    Raises `DatabaseNotEmpty`.
    """
    tables = connection.introspection.table_names()
    foreign_tables = _foreign_tables(tables)
    if connection.vendor == "sqlite":
        connection.close()
        for end in ("", "-wal", "-shm"):
            _database_path().with_name(_database_path().name + end).unlink(missing_ok=True)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _drop(cursor, [name for name in tables if name not in foreign_tables])
        cursor.execute(f"CREATE TABLE {NOTE_TABLE} (secret text NOT NULL, others text NOT NULL)")
        cursor.execute(f"INSERT INTO {NOTE_TABLE} VALUES (%s, %s)", [secret, json.dumps(sorted(foreign_tables))])


def _foreign_tables(tables: list[str]) -> set[str]:
    """The tables of other applications. Raises `DatabaseNotEmpty` where tables of Custrata have rows."""
    with connection.cursor() as cursor:
        if NOTE_TABLE in tables:  # of a killed restore, whose tables were never in use
            cursor.execute(f"SELECT others FROM {NOTE_TABLE}")
            return set(json.loads(cursor.fetchone()[0]))
        stored = {model._meta.db_table: model._meta.app_label for model in apps.get_models(include_auto_created=True)}
        ours = (set(tables) if connection.vendor == "sqlite" else stored.keys() & set(tables)) - {MIGRATIONS}
        idle = {name for name in ours if stored.get(name) in AUTOFILLED_APPS} | _indexes(cursor)
        for name in sorted(ours - idle):
            cursor.execute(f"SELECT COUNT(*) FROM {connection.ops.quote_name(name)}")
            (rows,) = cursor.fetchone()
            if rows:
                raise DatabaseNotEmpty(rows=rows, table=name)
    return set(tables) - ours - {MIGRATIONS}


def _indexes(cursor: CursorWrapper) -> set[str]:
    """The internal tables of SQLite's full-text indexes, which have rows even for empty tables."""
    if connection.vendor != "sqlite":
        return set()
    cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL %%'")
    roots = [name for (name,) in cursor.fetchall()]
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in cursor.fetchall() if any(name == root or name.startswith(f"{root}_") for root in roots)}


def _drop(cursor: CursorWrapper, tables: list[str]) -> None:
    """Drop tables in PostgreSQL, and the functions that their triggers and indexes call."""
    quoted = [connection.ops.quote_name(name) for name in tables]
    cursor.execute(FUNCTIONS, [quoted, quoted])
    functions = [name for (name,) in cursor.fetchall()]
    for kind, names in (("TABLE", quoted), ("FUNCTION", functions)):
        if names:
            cursor.execute(f"DROP {kind} {', '.join(names)} CASCADE")
