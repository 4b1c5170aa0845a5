"""The list of erasures is exchanged between copies of a workspace, with the erasures that were lifted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from custrata.lake import Workspace
from custrata.lake.erasures import NotAnErasureList, OtherErasureKey
from tests.lake.facts import AT

LIST = Path("list.json")


@pytest.fixture
def copy(workspace: Workspace, tmp_path: Path) -> Workspace:
    """Another copy of the workspace, made after the first erasure."""
    workspace.erasures.add("a", emails=["a@example.com"], at=AT)
    shutil.copytree(workspace.folder, tmp_path / "copy")
    return Workspace.open(tmp_path / "copy")


def test_a_copy_refuses_whom_the_other_refuses(workspace: Workspace, copy: Workspace) -> None:
    workspace.erasures.add_all([("b", [], ["+8613800138000"]), ("c", [], [])], at=AT)
    assert copy.erasures.import_list(workspace.erasures.export(), file=LIST) == 2
    assert copy.erasures.in_force() == workspace.erasures.in_force()
    assert copy.erasures.erased_among(["x", "c", "a", "c"]) == ["c", "a"]
    assert copy.erasures.import_list(workspace.erasures.export(), file=LIST) == 0


@pytest.mark.parametrize("lifted_here", [True, False])
def test_a_lifting_counts_whichever_copy_has_it(workspace: Workspace, copy: Workspace, lifted_here: bool) -> None:
    (workspace if lifted_here else copy).erasures.lift("a", reason="asked for it", at=AT)
    copy.erasures.import_list(workspace.erasures.export(), file=LIST)
    assert copy.erasures.in_force() == frozenset()
    assert [row.reason for row in copy.erasures.all()] == ["asked for it"]


def remove_erasures(workspace: Workspace) -> None:
    """A workspace in which nobody was erased yet: a list that is missed would be damage."""
    for name in ("erasures.json", "erasures.key", ".sums.json"):
        (workspace.folder / name).unlink()


def test_a_workspace_without_a_key_takes_that_of_the_list(workspace: Workspace, copy: Workspace) -> None:
    remove_erasures(copy)
    assert copy.erasures.import_list(workspace.erasures.export(), file=LIST) == 1
    assert copy.erasures.erased_among(["a"]) == ["a"]


def test_another_key_and_other_texts_are_refused(workspace: Workspace, copy: Workspace) -> None:
    remove_erasures(copy)
    copy.erasures.key()  # a new one
    with pytest.raises(OtherErasureKey):
        copy.erasures.import_list(workspace.erasures.export(), file=LIST)
    for text in ("", "[]", "{}", '{"format": 1, "key": "00", "erasures": []}', "[" * 100_000):
        with pytest.raises(NotAnErasureList):
            copy.erasures.import_list(text, file=LIST)
