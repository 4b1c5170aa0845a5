"""Files replaced as a whole, and what killed writers of them leave."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from custrata.lake import Workspace
from custrata.lake.durable import Damaged, open_locked, remove_half_written, replace_file
from custrata.lake.sums import check, checksums_in, read_checked, write_checked


@contextmanager
def replacing_fails(path: Path) -> Iterator[None]:
    """A folder in the place of the file: it cannot be replaced."""
    obstacle = path.with_name(f"{path.name}.new")
    obstacle.mkdir()
    try:
        yield
    finally:
        obstacle.rmdir()


@pytest.mark.parametrize("name", ["exclusions.json", ".sums.json", "schemes/vip/1.yaml", "derived/published.json"])
def test_what_a_killed_writer_left_is_removed_by_the_next_command(workspace: Workspace, name: str) -> None:
    path = workspace.folder / f"{name}.new"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("half")
    workspace.remove_leftovers()
    assert not path.exists()


def test_what_is_being_written_stays(tmp_path: Path) -> None:
    with open(open_locked(tmp_path / "a.new"), "w"):
        assert remove_half_written([tmp_path / "a.new"]) == 0
    assert remove_half_written([tmp_path / "a.new", tmp_path / "gone.new", tmp_path]) == 1


def test_a_file_that_a_killed_writer_left_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "a.new").write_text("much more than the new text")
    replace_file(tmp_path / "a", "text")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "text")]


def test_a_new_file_that_a_killed_writer_listed_but_did_not_write_is_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "1.yaml"
    with pytest.raises(IsADirectoryError), replacing_fails(path):
        write_checked(path, "text")
    with pytest.raises(FileNotFoundError):
        read_checked(path)
    check(path, checksums_in(tmp_path)[path.name])
    write_checked(path, "text")
    assert read_checked(path) == "text"


def test_a_file_that_was_written_and_is_missing_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "1.yaml"
    write_checked(path, "text")
    path.unlink()
    with pytest.raises(Damaged):
        read_checked(path)
