"""A restored backup equals the original, on both databases and across them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.server.backup.commands import files, run, tables

VIP = "{key: vip, kind: threshold, trait: spend, tiers: [{key: gold, line: 500}, {key: basic}]}"


@pytest.fixture(scope="session")
def backup_home(graded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `shop`, a graded workspace with a scheme of its own and Ann in its database, and its backup."""
    home = tmp_path_factory.mktemp("backup")
    shutil.copytree(graded, home / "shop", ignore=shutil.ignore_patterns("server"))
    own = tmp_path_factory.mktemp("schemes") / "vip.yaml"
    own.write_text(VIP, encoding="utf-8")
    run("schemes", "apply", own, "-w", home / "shop")
    run("backup", home / "empty.tar", "-w", home / "shop", "--no-verify")  # migrates the database
    run("manage", "create_person", "ann", CUSTRATA_WORKSPACE=str(home / "shop"))
    run("backup", home / "one.tar", "-w", home / "shop")
    return home


@pytest.fixture
def shop(backup_home: Path) -> Path:
    """The workspace that was backed up. Read-only."""
    return backup_home / "shop"


@pytest.fixture
def backup(backup_home: Path) -> Path:
    """Its backup. Read-only."""
    return backup_home / "one.tar"


def test_restores_every_file_and_every_row(shop: Path, backup: Path, tmp_path: Path) -> None:
    run("restore", backup, "-w", tmp_path / "new")
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "new", "--no-verify")
    assert files(tmp_path / "new") == files(shop)
    assert "schemes/vip/1.yaml" in files(shop)
    assert tables(tmp_path / "two.tar") == tables(backup)
    assert b'"ann"' in tables(backup)["database/accounts.user.jsonl"]


@pytest.mark.deep  # every run moves the larger database of `test_used.py`
def test_moves_from_sqlite_to_postgresql_and_back(backup: Path, tmp_path: Path, postgresql: str) -> None:
    run("restore", backup, "-w", tmp_path / "there", database=postgresql)
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "there", database=postgresql)
    run("restore", tmp_path / "two.tar", "-w", tmp_path / "back")
    run("backup", tmp_path / "three.tar", "-w", tmp_path / "back", "--no-verify")
    assert tables(tmp_path / "two.tar") == tables(backup) == tables(tmp_path / "three.tar")
    assert "accounts_user" in run("restore", backup, "-w", tmp_path / "again", database=postgresql, fails=True)
    assert not (tmp_path / "again").exists()


def test_only_its_owner_may_read_it(backup_home: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in backup_home.iterdir()) == ["empty.tar", "one.tar", "shop"]


def test_does_not_write_over_a_backup(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "one.tar").write_text("precious")
    assert "one.tar" in run("backup", tmp_path / "one.tar", "-w", shop, fails=True)
    assert (tmp_path / "one.tar").read_text() == "precious"


def test_does_not_restore_over_a_workspace(shop: Path, backup: Path) -> None:
    before = files(shop)
    assert "shop" in run("restore", backup, "-w", shop, fails=True)
    assert files(shop) == before


@pytest.mark.parametrize(
    ("harm", "message"),
    [("cut", "不是完整的备份"), ("changed", ".parquet"), ("text", "不是完整的备份"), ("gone", "没有文件")],
)
def test_refuses_a_damaged_backup_and_leaves_nothing_behind(
    backup: Path, tmp_path: Path, harm: str, message: str
) -> None:
    whole = backup.read_bytes()
    at = whole.index(b"PAR1") + 8
    harmed = {"cut": whole[: len(whole) // 2], "changed": whole[:at] + b"~~~~" + whole[at + 4 :], "text": b"no tar"}
    if harm in harmed:
        (tmp_path / "harmed.tar").write_bytes(harmed[harm])
    output = run("restore", tmp_path / "harmed.tar", "-w", tmp_path / "new", fails=True, CUSTRATA_LANGUAGE="zh-hans")
    assert "harmed.tar" in output
    assert message in output
    assert [path.name for path in tmp_path.iterdir() if path.name != "harmed.tar"] == []
