"""Backups and restores killed at any moment: a second run gives the result of an undisturbed one, without residue."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.server.backup.commands import MAIN, environment, files, read_manifest, run
from tests.server.backup.conftest import Used

NewDatabase = Callable[[], str]
KILLS = int(os.environ.get("CUSTRATA_KILLS", "60"))


def run_and_kill(seconds: float, *arguments: object, database: str | None = None) -> bool:
    """Start a command and kill it after so many seconds; returns whether it was still running."""
    command = [sys.executable, "-c", MAIN, *map(str, arguments)]
    process = subprocess.Popen(command, env=environment(database), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True
    return False


def measure_seconds(*arguments: object, database: str | None = None) -> float:
    """The duration of a command in seconds."""
    began = time.monotonic()
    run(*arguments, database=database)
    return time.monotonic() - began


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if "server.sqlite3-" not in path.name}


def try_backups(used: Used, home: Path, rounds: int) -> None:
    shutil.copytree(used.folder, home / "shop")
    longest = measure_seconds("backup", home / "unkilled.tar", "-w", home / "shop")
    before, chance = names(home / "shop"), random.Random(rounds)
    for number in range(rounds):
        run_and_kill(chance.uniform(0.3, 1.0) * longest, "backup", home / f"{number}.tar", "-w", home / "shop")
    run("backup", home / "again.tar", "-w", home / "shop", "--no-verify")
    assert names(home / "shop") == before
    assert [path.name for path in home.iterdir() if path.name.startswith(".")] == []
    for archive in home.glob("*.tar"):  # backups that finished before the kill are complete
        assert read_manifest(archive)["contents"] == read_manifest(used.backup)["contents"]


def try_restores(used: Used, home: Path, rounds: int, database: str | None, other: str | None) -> None:
    longest = measure_seconds("restore", used.backup, "-w", home / "unkilled", database=other)
    chance = random.Random(rounds)
    for _ in range(rounds):
        run_and_kill(chance.uniform(0.3, 1.05) * longest, "restore", used.backup, "-w", home / "new", database=database)
        if (home / "new").exists():
            break  # everything is in place, perhaps except for the final mark
    if not (home / "new").exists() or (home / "new/server/.restoring").exists():
        run("restore", used.backup, "-w", home / "new", database=database)
    run("backup", home / "after.tar", "-w", home / "new", "--no-verify", database=database)
    assert read_manifest(home / "after.tar")["contents"] == read_manifest(used.backup)["contents"]
    assert files(home / "new") == files(used.folder)
    # A file of SQLite keeps its log beside it until a process that ends by itself closes it as the last.
    theirs = {"unkilled", "new", "after.tar", "db.sqlite3", "db.sqlite3-shm", "db.sqlite3-wal"}
    assert {path.name for path in home.iterdir()} <= theirs
    assert not (home / "new/server/.restoring").exists()


def test_a_killed_backup_leaves_nothing(used: Used, tmp_path: Path) -> None:
    try_backups(used, tmp_path, 1)


def test_a_killed_restore_is_run_again(used: Used, tmp_path: Path) -> None:
    try_restores(used, tmp_path, 1, None, None)


def test_a_killed_restore_into_postgresql_is_run_again(used: Used, tmp_path: Path, new_postgresql: NewDatabase) -> None:
    try_restores(used, tmp_path, 1, new_postgresql(), new_postgresql())


@pytest.mark.deep
def test_backups_survive_many_kills(used: Used, tmp_path: Path) -> None:
    try_backups(used, tmp_path, KILLS)


@pytest.mark.deep
@pytest.mark.parametrize("where", ["in the folder", "a file elsewhere", "PostgreSQL"])
def test_restores_survive_many_kills(used: Used, tmp_path: Path, where: str, request: pytest.FixtureRequest) -> None:
    done = 0
    while done < KILLS:
        (home := tmp_path / f"{done}").mkdir()
        database_for: dict[str, Callable[[str], str | None]] = {
            "in the folder": lambda name: None,
            "a file elsewhere": lambda name: f"sqlite:///{home / name}.sqlite3",
            "PostgreSQL": lambda name: str(request.getfixturevalue("new_postgresql")()),
        }
        try_restores(used, home, 4, database_for[where]("db"), None)
        done += 4
