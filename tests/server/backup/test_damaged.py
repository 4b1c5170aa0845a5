"""Commands of the server say in a sentence that its database is damaged, and change nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.server.backup.commands import run
from tests.server.backup.test_backup import made

__all__ = ["made"]


def zero_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(100))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])


@pytest.mark.parametrize("harm", [zero_header, cut])
@pytest.mark.parametrize("command", [("backup", "{file}"), ("work",)])
def test_a_damaged_database_is_named(made: Path, tmp_path: Path, harm: object, command: tuple[str, ...]) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(made / "shop", shop)
    for wal in shop.glob("server/*-wal"):
        wal.unlink()
    assert callable(harm)
    harm(shop / "server" / "server.sqlite3")
    said = run(*(word.format(file=tmp_path / "one.tar") for word in command), "-w", shop, fails=True)
    assert ("database is damaged" in said, said.count("\n")) == (True, 1)
    assert not (tmp_path / "one.tar").exists()
