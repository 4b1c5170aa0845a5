"""Commands of the server report a damaged database in one line, and change nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.server.backup.commands import run
from tests.server.backup.test_backup import backup_home

__all__ = ["backup_home"]


def zero_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


@pytest.mark.parametrize("harm", [zero_header, cut])
@pytest.mark.parametrize("command", [("backup", "{file}"), ("work",)])
def test_a_damaged_database_is_named(backup_home: Path, tmp_path: Path, harm: object, command: tuple[str, ...]) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(backup_home / "shop", shop)
    for wal in shop.glob("server/*-wal"):
        wal.unlink()
    assert callable(harm)
    harm(shop / "server" / "server.sqlite3")
    output = run(*(word.format(file=tmp_path / "one.tar") for word in command), "-w", shop, fails=True)
    assert ("database is damaged" in output, output.count("\n")) == (True, 1)
    assert not (tmp_path / "one.tar").exists()
