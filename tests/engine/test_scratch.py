"""Scratch folders are removed at the end of the work, also those of killed processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from custrata.engine.scratch import Scratch, remove_abandoned

MAKES_ONE = """
import os, signal, sys
from custrata.engine.scratch import Scratch
scratch = Scratch(sys.argv[1], prefix=".import-")
(scratch.folder / "rows").write_text("x")
if os.fork() == 0:
    sys.exit()      # a child that ends takes nothing away
os.wait()
print(scratch.folder, flush=True)
signal.pause()
"""


def started(home: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that has a folder there, and the folder."""
    process = subprocess.Popen([sys.executable, "-c", MAKES_ONE, home], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_folders_of_killed_processes_are_removed_and_those_in_use_stay(tmp_path: Path) -> None:
    process, folder = started(tmp_path)
    assert remove_abandoned(tmp_path, ".import-") == 0
    assert (folder / "rows").exists()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with Scratch(tmp_path, prefix=".import-") as own:
        assert list(tmp_path.iterdir()) == [own]
    assert list(tmp_path.iterdir()) == []


def test_left_over_files_are_removed_too(tmp_path: Path) -> None:
    (tmp_path / ".backup-1").write_text("x")
    (tmp_path / "notes").write_text("x")
    assert remove_abandoned(tmp_path, ".backup-", ".restoring-") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["notes"]


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_neither_links_nor_pipes_are_followed(tmp_path: Path, kind: str) -> None:
    (tmp_path / "precious").mkdir()
    left = tmp_path / ".backup-1"
    left.symlink_to(tmp_path / "precious") if kind == "link" else os.mkfifo(left)
    assert remove_abandoned(tmp_path, ".backup-") == 0
    assert (tmp_path / "precious").exists()


def test_a_place_that_is_not_there_has_nothing_to_remove(tmp_path: Path) -> None:
    assert remove_abandoned(tmp_path / "nowhere", ".backup-") == 0


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    with Scratch(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
