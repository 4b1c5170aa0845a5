"""A used server, backed up on SQLite; and empty databases of PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.server.backup.commands import fill, run
from tests.server.postgresql import _execute as say


@dataclass(frozen=True)
class Used:
    """The folder of a used server, its backup, the models without a row, and the output of the backup command."""

    folder: Path
    backup: Path
    without_rows: str
    output: str


@pytest.fixture(scope="session")
def used(tmp_path_factory: pytest.TempPathFactory) -> Used:
    """A server with rows in every table, and its backup. Read-only."""
    home = tmp_path_factory.mktemp("used")
    run("init", home / "shop", "--language", "en")
    without = fill(home / "shop")
    output = run("backup", home / "used.tar", "-w", home / "shop", CUSTRATA_LANGUAGE="en")
    return Used(home / "shop", home / "used.tar", without, output)


@pytest.fixture
def new_postgresql(postgresql: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases of PostgreSQL; their addresses."""
    names: list[str] = []

    def make() -> str:
        names.append(f"restored_{secrets.token_hex(4)}")
        say(postgresql, f"CREATE DATABASE {names[-1]}")
        return postgresql.removesuffix("/postgres") + f"/{names[-1]}"

    yield make
    for name in names:
        say(postgresql, f"DROP DATABASE {name} WITH (FORCE)")
