"""A backup put into a new folder and an empty database: beside them first, then in one moment, or not at all.

A database that is not in the folder cannot be switched in the same moment as the folder. So while it is filled it has
a table of our own with a secret, and the folder that belongs to it has the same secret in a file. Whoever comes after
a restore that was killed knows by them: the folder is in place, and all is done; or it is not, and what the database
holds was never in use, so that it is emptied and filled anew.
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
# Django fills its own catalogues when it migrates; whoever signs in fills the others.
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
    template = "The database holds {rows} rows in {table} already. Restore into a new database."


class RestoreUnfinished(Refused):
    template = "A restore into this database is under way or was not finished. Run it again, or use another database."


@dataclass(frozen=True)
class Restored:
    """A backup that stands, whole but not in place yet: the workspace, and the database that Django is connected to.

    `taken_at` is when the backup was made, `at` is now.
    """

    workspace: Workspace
    taken_at: datetime
    at: datetime
    replaced: list[Replaced] = field(default_factory=list)


# What is done after the tables are loaded and before the restored workspace is put in place, in this order. Each
# answers with a line for who restores, or nothing; one that raises ends the restore, and nothing is restored.
STEPS: list[Callable[[Restored], str | None]] = []


def fill(
    unpacked: Path, head: Mapping[str, Any], workspace: Workspace, *, target: Path, at: datetime
) -> tuple[Restored, list[str]]:
    """Fill the database, carry out the steps, and put the workspace in its place; what the steps say.

    Parameters: `unpacked` is a backup that was unpacked, `head` what it says of itself, `workspace` the one in it,
    `target` a folder that is empty or not there.

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
    """Whether a restore was killed when all was in place but for saying so; then it is over now.

    Parameters: `state` is the server's folder in a workspace.

    Raises `RestoreUnfinished` where a restore was killed before, or is under way.
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
    """Say that a restore is over: first in the database, so that the note in the folder alone means the same."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {NOTE_TABLE}")
    (state / NOTE).unlink(missing_ok=True)


def _move_into_place(folder: Path, target: Path) -> None:
    """Put a folder in the place of an empty one, so that it stays there when the power goes."""
    os.sync()
    if target.exists():
        target.rmdir()
    folder.rename(target)
    sync(target.absolute().parent)


def _compare_facts(workspace: Workspace, head: Mapping[str, Any]) -> None:
    """Refuse a lake whose files hold other numbers of rows than the lake had when it was backed up."""
    snapshot = workspace.lake.snapshot()
    for name, rows in head.get("facts", {}).items():
        restored = sum(pq.read_metadata(file).num_rows for file in snapshot.files.get(name, ()))
        if restored != rows:
            raise RestoreDiffers(table=name, rows=rows, restored=restored, content="-", restored_content="-")


def _is_inside(folder: Path) -> bool:
    """Whether the database lies in the folder, and is put in place with it."""
    return connection.vendor == "sqlite" and _database_path().resolve().is_relative_to(folder.resolve())


def _database_path() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


@contextmanager
def _restore_lock() -> Iterator[None]:
    """Keep the database to oneself: other restores and migrations wait. Raises `Busy`."""
    if connection.vendor != "sqlite":
        with migration_lock(wait=WAIT):
            yield
        return
    lock = _database_path().with_name(f".{_database_path().name}.restoring")
    with locked(lock, wait=WAIT):
        yield
        lock.unlink(missing_ok=True)


def _reset_database(secret: str) -> None:
    """Make the database new, with a note that it is being filled; refuse one that is in use.

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
    """The tables that are none of ours. Raises `DatabaseNotEmpty` where ours hold rows, of whatever use."""
    with connection.cursor() as cursor:
        if NOTE_TABLE in tables:  # of a restore that was killed: what it had made was never in use
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
    """The tables that SQLite keeps for full-text indexes: they hold rows where the indexed table has none."""
    if connection.vendor != "sqlite":
        return set()
    cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL %%'")
    roots = [name for (name,) in cursor.fetchall()]
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in cursor.fetchall() if any(name == root or name.startswith(f"{root}_") for root in roots)}


def _drop(cursor: CursorWrapper, tables: list[str]) -> None:
    """Drop tables of PostgreSQL, and the functions of ours that their triggers and indexes call."""
    quoted = [connection.ops.quote_name(name) for name in tables]
    cursor.execute(FUNCTIONS, [quoted, quoted])
    functions = [name for (name,) in cursor.fetchall()]
    for kind, names in (("TABLE", quoted), ("FUNCTION", functions)):
        if names:
            cursor.execute(f"DROP {kind} {', '.join(names)} CASCADE")
