"""Another user of the machine cannot read a workspace written by commands and the server."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server.forks import Forks, without_workspace

from custrata.private import open_paths

STRANGER = "nobody"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder that everybody may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="custrata-private-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def open_folder(folder: Path) -> None:
    """Make a folder that everybody may enter; this process may have a strict umask."""
    folder.mkdir()
    folder.chmod(0o755)


def run(*arguments: object, workspace: Path) -> None:
    """Run a command in a process started with umask 0."""
    variables = without_workspace() | {"CUSTRATA_WORKSPACE": str(workspace)}
    with tempfile.TemporaryDirectory() as folder:
        ended = Forks(Path(folder)).run(*arguments, environment=variables, umask=0)
    assert ended.code == 0, ended.errors


def readable(folder: Path) -> list[str]:
    """What another user of the machine can read in a folder."""
    find = ["find", str(folder), "-readable"]
    return subprocess.run(
        find, user=STRANGER, group=65534, extra_groups=[], capture_output=True, text=True
    ).stdout.split()


def write_everything(home: Path) -> Path:
    """A workspace used by commands and by the server, with a backup of it in another one."""
    shop, orders, new = home / "shop", home / "orders.csv", home / "new"
    open_folder(home)
    orders.write_text("order_id,customer_id,ordered_at,amount\n1,a,2025-01-05,120\n2,b,2025-02-05,lots\n", "utf-8")
    run("init", shop, "--language", "en", workspace=shop)
    for command in (("import", "orders", orders), ("refresh",), ("report",), ("exclude", "a", "--reason", "staff"),
                    ("manage", "migrate"), ("manage", "create_person", "ann"), ("erase", "a", "--yes"),
                    ("profile", "--format", "csv", "-o", shop / "p.csv"), ("backup", shop / "one.tar")):  # fmt: skip
        run(*command, workspace=shop)
    run("restore", shop / "one.tar", "-w", new, workspace=new)
    return shop


@pytest.fixture(scope="module")
def used(home: Path) -> Path:
    """The folder of those two workspaces. Read-only."""
    write_everything(home / "used")
    return home / "used"


def test_every_file_is_its_owners_alone(used: Path) -> None:
    assert open_paths(used / "shop") + open_paths(used / "new") == []
    assert {path.name for path in (used / "shop" / "server").iterdir()} >= {"secret_key", "server.sqlite3"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_reads_nothing(used: Path) -> None:
    assert pwd.getpwnam(STRANGER).pw_uid != os.geteuid()
    (used / "orders.csv").chmod(0o644)
    assert readable(used) == [str(used), str(used / "orders.csv")]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_server_closes_the_folder_of_an_older_workspace(home: Path) -> None:
    shop = home / "old" / "shop"
    open_folder(shop.parent)
    run("init", shop, workspace=shop)
    run("manage", "migrate", workspace=shop)
    for path in (shop, *shop.rglob("*")):
        path.chmod(0o755)
    assert str(shop / "server" / "secret_key") in readable(shop)
    run("backup", home / "one.tar", "-w", shop, workspace=shop)
    assert readable(shop.parent) == [str(shop.parent)]
