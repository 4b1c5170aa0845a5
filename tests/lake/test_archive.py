"""A workspace frozen at one moment."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Busy, Workspace
from custrata.lake.archive import freeze
from tests.lake.facts import AT, put


@pytest.fixture
def filled(workspace: Workspace, duck: DuckEngine) -> Workspace:
    """A workspace with two orders, one of them a's."""
    put(workspace, duck, "orders", {"order_id": "1", "customer_id": "a"}, {"order_id": "2", "customer_id": "b"})
    return workspace


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in {".lock", ".lease"})
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_holds_every_file_as_it_is(filled: Workspace, tmp_path: Path) -> None:
    with ExitStack() as still:
        freeze(filled, tmp_path / "copy", still)
    assert contents(tmp_path / "copy") == contents(filled.folder)


def test_keeps_what_it_holds_when_the_workspace_goes_on(filled: Workspace, tmp_path: Path) -> None:
    with ExitStack() as still:
        freeze(filled, tmp_path / "copy", still)
    before = contents(tmp_path / "copy")
    filled.lake.erase("a", at=AT)
    assert contents(tmp_path / "copy") == before
    assert Workspace.open(tmp_path / "copy").lake.snapshot().rows("orders") == 2


def test_nobody_changes_the_workspace_meanwhile(filled: Workspace, tmp_path: Path) -> None:
    with ExitStack() as still:
        freeze(filled, tmp_path / "copy", still)
        with pytest.raises(Busy):
            filled.lake.erase("a", at=AT, wait=0)
        with pytest.raises(Busy), filled.runs.draft():
            pass


def test_waits_for_an_import_only_so_long(filled: Workspace, tmp_path: Path) -> None:
    with filled.lake.change(at=AT), ExitStack() as still, pytest.raises(Busy):
        freeze(filled, tmp_path / "copy", still, wait=0)


def test_takes_the_erased_and_their_key_along(filled: Workspace, tmp_path: Path) -> None:
    filled.erasures.add("a", at=AT)
    with ExitStack() as still:
        freeze(filled, tmp_path / "copy", still)
    copy = Workspace.open(tmp_path / "copy").erasures
    assert (copy.in_force(), copy.key()) == (filled.erasures.in_force(), filled.erasures.key())


def test_leaves_dead_files_behind(filled: Workspace, duck: DuckEngine, tmp_path: Path) -> None:
    put(filled, duck, "orders", {"order_id": "1", "customer_id": "c"})
    with filled.runs.draft():
        pass
    orphan = filled.runs.folder / "runs" / "20250101T000000000000Z-00000000"
    orphan.mkdir(parents=True)
    (orphan / "run.json").write_text("{}")
    dead = filled.lake.dead_files()
    assert dead
    with ExitStack() as still:
        freeze(filled, tmp_path / "copy", still)
    gone = {path.relative_to(filled.folder).as_posix() for path in (*dead, orphan / "run.json")}
    assert contents(filled.folder).keys() - contents(tmp_path / "copy").keys() == gone
    copy = Workspace.open(tmp_path / "copy")
    assert (copy.lake.usage().dead, copy.lake.snapshot().rows("orders")) == (0, 2)
    put(copy, duck, "orders", {"order_id": "3", "customer_id": "a"})
    assert copy.lake.snapshot().rows("orders") == 3
