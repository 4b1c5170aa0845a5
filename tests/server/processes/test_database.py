"""The database is migrated, with a copy of its former state."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings
from tests.server.jobs.process_tree import AT
from tests.server.postgresql import ON_POSTGRESQL

from custrata.config import database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: Settings) -> Path:
    settings.STATE = tmp_path / "server"
    return tmp_path / "server"


def migrate_back() -> None:
    call_command("migrate", "jobs", "zero", verbosity=0)


def test_a_database_that_is_up_to_date_is_left_alone(state: Path) -> None:
    assert not database.is_behind()
    assert database.migrate(at=AT) is None
    assert not (state / "backups").exists()


def test_a_database_that_is_behind_is_brought_up_to_date() -> None:
    migrate_back()
    assert database.is_behind()
    database.migrate(at=AT)
    assert not database.is_behind()


@pytest.mark.skipif(ON_POSTGRESQL, reason="of PostgreSQL the backups are its own")
def test_what_it_was_is_kept_whole() -> None:
    migrate_back()
    copy = database.migrate(at=AT)
    assert copy is not None
    with closing(sqlite3.connect(copy)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert "accounts_user" in tables
    assert "jobs_job" not in tables


@pytest.mark.skipif(ON_POSTGRESQL, reason="of PostgreSQL the backups are its own")
def test_the_newest_five_copies_are_kept(state: Path) -> None:
    for day in range(7):
        migrate_back()
        database.migrate(at=AT + timedelta(days=day))
    copies = sorted(path.name for path in (state / "backups").iterdir())
    assert len(copies) == 5
    assert "20250707" in copies[-1]
