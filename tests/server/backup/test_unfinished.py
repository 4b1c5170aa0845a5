"""What a killed restore leaves at each stage, and how the next command finishes it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from tests.server.backup.commands import read_manifest, run
from tests.server.backup.conftest import Used

ENGLISH = {"CUSTRATA_LANGUAGE": "en"}
NOTE = "CREATE TABLE custrata_restoring (secret text NOT NULL, others text NOT NULL)"


def execute(address: str, *statements: str) -> None:
    if address.startswith("sqlite:///"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            database.executescript(";".join(statements))
    else:
        with psycopg.connect(address, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


def unfinished_restore(address: str, foreign_tables: list[str]) -> list[str]:
    """Statements that put a restored database back into the state before the restore was marked as finished."""
    return [NOTE, f"INSERT INTO custrata_restoring VALUES ('abc', '{json.dumps(foreign_tables)}')"]


@pytest.fixture(scope="module")
def restored_home(used: Used, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The used server restored into the folder `new` and the file `db.sqlite3`. Read-only."""
    home = tmp_path_factory.mktemp("restored")
    run("restore", used.backup, "-w", home / "new", database=f"sqlite:///{home / 'db.sqlite3'}")
    return home


@pytest.fixture
def restored(restored_home: Path, tmp_path: Path) -> str:
    """A copy of it: the address of its database; its folder is `new`."""
    shutil.copytree(restored_home, tmp_path, dirs_exist_ok=True)
    return f"sqlite:///{tmp_path / 'db.sqlite3'}"


def test_killed_before_the_folder_is_in_place_it_begins_anew(used: Used, restored: str, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "new")
    execute(restored, *unfinished_restore(restored, []))
    assert "was not finished" in run("up", "-w", used.folder, database=restored, fails=True, **ENGLISH)
    run("restore", used.backup, "-w", tmp_path / "new", database=restored)
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "new", "--no-verify", database=restored)
    assert read_manifest(tmp_path / "two.tar")["contents"] == read_manifest(used.backup)["contents"]


@pytest.mark.parametrize("ends", ["restore", "backup"])
def test_killed_when_all_is_in_place_it_is_finished_by_what_comes_next(
    used: Used, restored: str, tmp_path: Path, ends: str
) -> None:
    (tmp_path / "new/server/.restoring").write_text("abc")
    execute(restored, *unfinished_restore(restored, []))
    file, more = (used.backup, []) if ends == "restore" else (tmp_path / "two.tar", ["--no-verify"])
    run(ends, file, "-w", tmp_path / "new", *more, database=restored)
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert database.execute("SELECT count(*) FROM customers_customer").fetchone() == (4001,)
    assert "custrata_restoring" not in tables
    assert not (tmp_path / "new/server/.restoring").exists()


def test_in_postgresql_what_others_have_there_stays(
    used: Used, tmp_path: Path, new_postgresql: Callable[[], str]
) -> None:
    address = new_postgresql()
    execute(address, "CREATE TABLE theirs (a int)", "INSERT INTO theirs VALUES (7)")
    execute(address, "CREATE FUNCTION their_own() RETURNS int LANGUAGE sql AS 'SELECT 7'")
    run("restore", used.backup, "-w", tmp_path / "new", database=address)
    shutil.rmtree(tmp_path / "new")
    execute(address, *unfinished_restore(address, ["theirs"]))
    run("restore", used.backup, "-w", tmp_path / "new", database=address)
    with psycopg.connect(address) as connection:
        assert connection.execute("SELECT a, their_own() FROM theirs").fetchone() == (7, 7)
        cursor = connection.execute("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'customers_customer_%parts'")
        assert cursor.fetchone() == (2,)


def test_a_database_that_was_only_migrated_is_filled(
    used: Used, tmp_path: Path, new_postgresql: Callable[[], str]
) -> None:
    for number, address in enumerate([new_postgresql(), f"sqlite:///{tmp_path / 'db.sqlite3'}"]):
        run("manage", "migrate", "-v", "0", database=address, CUSTRATA_WORKSPACE=str(used.folder))
        run("restore", used.backup, "-w", tmp_path / f"{number}", database=address)
