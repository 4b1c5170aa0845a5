"""A backup restored into a new place holds what the old one held, on both databases and across them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

VIP = "{key: vip, kind: threshold, trait: spend, tiers: [{key: gold, line: 500}, {key: basic}]}"
MAIN = "from custrata.__main__ import main; main()"


def run(*arguments: object, database: str | None = None, fails: bool = False, **more: str) -> str:
    """The command line, in a process of its own: what it says or, where it must fail, how it complains."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CUSTRATA_WORKSPACE"}}
    environment = kept | more | ({"DATABASE_URL": database} if database else {})
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode != 0) is fails, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr if fails else done.stdout


@pytest.fixture(scope="session")
def made(graded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `shop`, a graded workspace with a scheme of its own and Ann in its database, and its backup."""
    home = tmp_path_factory.mktemp("backup")
    shutil.copytree(graded, home / "shop", ignore=shutil.ignore_patterns("server"))
    own = tmp_path_factory.mktemp("schemes") / "vip.yaml"
    own.write_text(VIP, encoding="utf-8")
    run("schemes", "apply", own, "-w", home / "shop")
    run("backup", home / "empty.tar", "-w", home / "shop")  # brings the database up to date
    run("manage", "create_person", "ann", CUSTRATA_WORKSPACE=str(home / "shop"))
    run("backup", home / "one.tar", "-w", home / "shop")
    return home


@pytest.fixture
def shop(made: Path) -> Path:
    """The workspace that was backed up. Read it only."""
    return made / "shop"


@pytest.fixture
def backup(made: Path) -> Path:
    """Its backup. Read it only."""
    return made / "one.tar"


def tables(file: Path) -> dict[str, bytes]:
    """Every table in a backup."""
    with tarfile.open(file) as tar:
        members = [member for member in tar.getmembers() if member.name.startswith("database/")]
        return {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]  # files


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a workspace, but the database."""
    found = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in found if "server." not in path.name
    }  # fmt: skip


def test_restores_every_file_and_every_row(shop: Path, backup: Path, tmp_path: Path) -> None:
    run("restore", backup, "-w", tmp_path / "new")
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "new")
    assert files(tmp_path / "new") == files(shop)
    assert "schemes/vip/1.yaml" in files(shop)
    assert tables(tmp_path / "two.tar") == tables(backup)
    assert b'"ann"' in tables(backup)["database/accounts.user.jsonl"]


def test_moves_from_sqlite_to_postgresql_and_back(backup: Path, tmp_path: Path, postgresql: str) -> None:
    run("restore", backup, "-w", tmp_path / "there", database=postgresql)
    run("backup", tmp_path / "two.tar", "-w", tmp_path / "there", database=postgresql)
    run("restore", tmp_path / "two.tar", "-w", tmp_path / "back")
    run("backup", tmp_path / "three.tar", "-w", tmp_path / "back")
    assert tables(tmp_path / "two.tar") == tables(backup) == tables(tmp_path / "three.tar")
    assert "accounts_user" in run("restore", backup, "-w", tmp_path / "again", database=postgresql, fails=True)
    assert not (tmp_path / "again").exists()


def test_only_its_owner_may_read_it(made: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in made.iterdir()) == ["empty.tar", "one.tar", "shop"]


def test_does_not_write_over_a_backup(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "one.tar").write_text("precious")
    assert "one.tar" in run("backup", tmp_path / "one.tar", "-w", shop, fails=True)
    assert (tmp_path / "one.tar").read_text() == "precious"


def test_does_not_restore_over_a_workspace(shop: Path, backup: Path) -> None:
    before = files(shop)
    assert "shop" in run("restore", backup, "-w", shop, fails=True)
    assert files(shop) == before


@pytest.mark.parametrize(
    ("harm", "told"),
    [("cut", "不是完整的备份"), ("changed", ".parquet"), ("text", "不是完整的备份"), ("gone", "没有文件")],
)
def test_refuses_a_damaged_backup_and_leaves_nothing_behind(backup: Path, tmp_path: Path, harm: str, told: str) -> None:
    whole = backup.read_bytes()
    at = whole.index(b"PAR1") + 8
    harmed = {"cut": whole[: len(whole) // 2], "changed": whole[:at] + b"~~~~" + whole[at + 4 :], "text": b"no tar"}
    if harm in harmed:
        (tmp_path / "harmed.tar").write_bytes(harmed[harm])
    said = run("restore", tmp_path / "harmed.tar", "-w", tmp_path / "new", fails=True, CUSTRATA_LANGUAGE="zh-hans")
    assert "harmed.tar" in said
    assert told in said
    assert [path.name for path in tmp_path.iterdir() if path.name != "harmed.tar"] == []
