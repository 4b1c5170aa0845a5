"""A used server is restored completely, on the same database and on the other."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.server.backup.commands import read_manifest, rows, run
from tests.server.backup.conftest import Used

NewDatabase = Callable[[], str]


def test_every_model_has_rows(used: Used) -> None:
    assert used.without_rows == "", "give these models rows in used.py, so that their backup is tried"


def test_the_backup_says_that_it_was_tried(used: Used) -> None:
    assert "match the backup" in used.output
    assert sorted(path.name for path in used.folder.parent.iterdir()) == ["shop", "used.tar"]


def test_sign_ins_and_wrong_passwords_end_with_it(used: Used) -> None:
    left_out = {"sessions.session", "accounts.signin", "axes.accessattempt", "axes.accesslog"}
    assert {name for name in read_manifest(used.backup)["rows"] if name in left_out or name.startswith("axes")} == set()


def test_it_is_restored_on_sqlite(used: Used, tmp_path: Path) -> None:
    run("restore", used.backup, "-w", tmp_path / "new")
    folders = {path.name for path in (tmp_path / "new").iterdir()}
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "new", "--no-verify")
    assert folders >= {path.name for path in used.folder.iterdir() if path.is_dir()}
    assert rows(tmp_path / "two.tar") == rows(used.backup)
    assert read_manifest(tmp_path / "two.tar")["contents"] == read_manifest(used.backup)["contents"]


def test_it_is_moved_to_postgresql_within_it_and_back(used: Used, tmp_path: Path, new_postgresql: NewDatabase) -> None:
    there, elsewhere = new_postgresql(), new_postgresql()
    run("restore", used.backup, "-w", tmp_path / "there", database=there)
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "there", database=there)  # verified on SQLite
    assert rows(tmp_path / "two.tar") == rows(used.backup)
    run("restore", tmp_path / "two.tar", "-w", tmp_path / "beside", database=elsewhere)
    run("backup", tmp_path / "three.tar", "-w", tmp_path / "beside", "--no-verify", database=elsewhere)
    assert read_manifest(tmp_path / "three.tar")["contents"] == read_manifest(used.backup)["contents"]
    assert "already" in run("restore", used.backup, "-w", tmp_path / "x", database=there, fails=True,
                             CUSTRATA_LANGUAGE="en")  # fmt: skip


def test_what_postgresql_cannot_hold_is_replaced_and_told(
    used: Used, tmp_path: Path, new_postgresql: NewDatabase
) -> None:
    shutil.copytree(used.folder, tmp_path / "odd")
    with closing(sqlite3.connect(tmp_path / "odd/server/server.sqlite3")) as database, database:
        database.execute("UPDATE customers_note SET text = 'a' || char(0) || 'b' WHERE id < 3")
        database.execute("UPDATE tiers_draft SET note = ?, definition = ?", ("x", '{"\\u0000": "\\ud800"}'))
        database.execute("UPDATE accounts_user SET name = ? WHERE username = 'bob'", ("n" * 400,))
    run("backup", tmp_path / "odd.tar", "-w", tmp_path / "odd")
    output = run(
        "restore", tmp_path / "odd.tar", "-w", tmp_path / "new", database=new_postgresql(), CUSTRATA_LANGUAGE="en"
    )
    assert "2 values of customers.note.text" in output
    assert "1 values of schemes.schemedraft.definition" in output
    assert "1 values of accounts.user.name" in output
