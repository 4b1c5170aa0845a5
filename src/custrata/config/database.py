"""Migration of the server's database, with copies of a SQLite database made before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from custrata.errors import Refused
from custrata.lake.locks import Busy, locked
from custrata.private import FOLDER

COPIES_KEPT = 5  # copies
COPIES, HALF = "backups", ".half"
LOCK = 0x43555354  # key of the PostgreSQL advisory lock during migrations
WAIT, PAUSE = 120.0, 0.1


class DatabaseBehind(Refused):
    template = "The server's database is older than this version. Upgrade it first: custrata manage migrate"


class DatabaseUnreachable(Refused):
    template = "The server's database cannot be used: {reason}"


def is_behind() -> bool:
    """Whether there are unapplied migrations."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def migrate(*, at: datetime) -> Path | None:
    """Migrate the database; returns the copy that was made of a SQLite database before.

    Of several processes that call it at once, one migrates.
    """
    settings.STATE.mkdir(FOLDER, exist_ok=True)
    with migration_lock():
        for half in (settings.STATE / COPIES).glob(f"*{HALF}"):  # left by a killed process
            half.unlink(missing_ok=True)
        if not is_behind():
            return None
        copy = _copy(at)
        call_command("migrate", interactive=False, verbosity=0)
    return copy


@contextmanager
def migration_lock(*, wait: float = WAIT) -> Iterator[None]:
    """Lock the database against concurrent migrations and restores. Raises `Busy`."""
    if connection.vendor == "sqlite":
        with locked(settings.STATE / ".migrate", wait=wait):
            yield
        return
    until = monotonic() + wait
    while not _lock():
        if monotonic() >= until:
            raise Busy(folder=connection.settings_dict["NAME"], holder=_holder())
        sleep(PAUSE)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _holder() -> str:
    """The PostgreSQL backend process that holds the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted", [LOCK])
        row = cursor.fetchone()
    return str(row[0]) if row else "?"


def _copy(at: datetime) -> Path | None:
    """Copy a non-empty SQLite database with its backup API; keep the newest copies."""
    if connection.vendor != "sqlite" or not connection.introspection.table_names():
        return None
    source = Path(connection.settings_dict["NAME"])
    folder = settings.STATE / COPIES
    folder.mkdir(exist_ok=True, mode=0o700)
    copy = folder / f"{source.stem}-{at:%Y%m%dT%H%M%SZ}.sqlite3"
    half = copy.with_suffix(HALF)
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(half)) as written:
        original.backup(written)
    half.chmod(0o600)
    half.replace(copy)
    for old in sorted(folder.glob(f"{source.stem}-*.sqlite3"))[:-COPIES_KEPT]:
        old.unlink()
    return copy
