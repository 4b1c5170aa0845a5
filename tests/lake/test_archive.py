"""A workspace frozen at one moment."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from custrata.engine import DuckEngine
from custrata.lake import Busy, Workspace
from custrata.lake.archive import frozen
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
        frozen(filled, tmp_path / "copy", still)
    assert contents(tmp_path / "copy") == contents(filled.folder)


def test_keeps_what_it_holds_when_the_workspace_goes_on(filled: Workspace, tmp_path: Path) -> None:
    with ExitStack() as still:
        frozen(filled, tmp_path / "copy", still)
    before = contents(tmp_path / "copy")
    filled.lake.erase("a", at=AT)
    assert contents(tmp_path / "copy") == before
    assert Workspace.open(tmp_path / "copy").lake.snapshot().rows("orders") == 2


def test_nobody_changes_the_workspace_meanwhile(filled: Workspace, tmp_path: Path) -> None:
    with ExitStack() as still:
        frozen(filled, tmp_path / "copy", still)
        with pytest.raises(Busy):
            filled.lake.erase("a", at=AT, wait=0)
        with pytest.raises(Busy), filled.runs.draft():
            pass


def test_waits_for_an_import_only_so_long(filled: Workspace, tmp_path: Path) -> None:
    with filled.lake.change(at=AT), ExitStack() as still, pytest.raises(Busy):
        frozen(filled, tmp_path / "copy", still, wait=0)


def test_takes_the_erased_and_their_key_along(filled: Workspace, tmp_path: Path) -> None:
    filled.erasures.add("a", at=AT)
    with ExitStack() as still:
        frozen(filled, tmp_path / "copy", still)
    copy = Workspace.open(tmp_path / "copy").erasures
    assert (copy.in_force(), copy.key()) == (filled.erasures.in_force(), filled.erasures.key())
