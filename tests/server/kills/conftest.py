"""A shop, its workspace behind a whole server, and a signed-in user."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from tests.server.jobs.process_tree import AT, Tree
from tests.server.kills.shop import Shop
from tests.server.kills.users import Browser
from tests.server.processes.conftest import port

from custrata.apps.accounts.actions import create_person
from custrata.lake import Workspace

__all__ = ["port"]
NAME, PASSWORD = "keeper", "correct horse 7"


@pytest.fixture
def quick_passwords() -> None:
    """Passwords hashed as in production: the server's own processes check them."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The files of a shop."""
    (tmp_path / "files").mkdir()
    return Shop(tmp_path / "files")


@pytest.fixture
def workspace(shop: Shop, tmp_path: Path, settings: Settings) -> Workspace:
    """The workspace that is served, as it is before the first round."""
    settings.WORKSPACE = tmp_path / "workspace"
    return shop.open(settings.WORKSPACE)


@pytest.fixture
def untouched(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A copy of it that is not served."""
    shutil.copytree(workspace.folder, tmp_path / "untouched")
    return Workspace.open(tmp_path / "untouched")


@pytest.fixture
def start(
    workspace: Workspace, untouched: Workspace, transactional_db: None, port: int, tmp_path: Path
) -> Iterator[Callable[[], Tree]]:
    """Starts `custrata up`; kills it at teardown."""
    trees: list[Tree] = []

    def started() -> Tree:
        arguments = ("up", "--port", str(port), "--workers", "2")
        trees.append(Tree(workspace.folder, tmp_path / f"log-{len(trees)}", arguments))
        return trees[-1]

    yield started
    for started_tree in trees:
        started_tree.kill()


@pytest.fixture
def browser(transactional_db: None, port: int) -> Browser:
    """Signs in with a name and password that the server knows."""
    create_person(username=NAME, role="administrator", password=PASSWORD, at=AT)
    return Browser(port)
