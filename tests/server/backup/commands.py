"""Run the command line in processes of its own, and read backups and workspaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.server.forks import Forks

ROOT = Path(__file__).resolve().parents[3]
MAIN = "from custrata.__main__ import main; main()"


def environment(database: str | None = None, **more: str) -> dict[str, str]:
    """Environment variables of a process, without the workspace and database of the caller."""
    rest = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "CUSTRATA_WORKSPACE"}}
    return rest | more | ({"DATABASE_URL": database} if database else {})


def run(*arguments: object, database: str | None = None, fails: bool = False, **more: str) -> str:
    """Run the command line in a process of its own; returns stdout, or stderr where it must fail."""
    with TemporaryDirectory() as folder:
        ended = Forks(Path(folder)).run(*arguments, environment=environment(database, **more), seconds=300)
    assert not ended.killed
    assert (ended.code != 0) is fails, ended.errors
    assert "Traceback" not in ended.errors
    return ended.errors if fails else ended.output


def fill(folder: Path, database: str | None = None) -> str:
    """Fill the database of a workspace with rows of every model; returns the models without rows."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    variables = {"CUSTRATA_WORKSPACE": str(folder), "DJANGO_SETTINGS_MODULE": "custrata.config.settings"}
    run("manage", "migrate", "-v", "0", database=database, CUSTRATA_WORKSPACE=str(folder))
    command = [sys.executable, "-m", "tests.server.backup.fill_database"]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(database, **variables, PYTHONPATH=paths), cwd=ROOT
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def tables(file: Path) -> dict[str, bytes]:
    """Every table in a backup."""
    with tarfile.open(file) as tar:
        members = [member for member in tar.getmembers() if member.name.startswith("database/")]
        return {member.name: tar.extractfile(member).read() for member in members}  # type: ignore[union-attr]  # files


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a workspace, but the database and the list of its backups."""
    paths = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith((".", "backups.")))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if "server." not in path.name
    }  # fmt: skip


def read_manifest(file: Path) -> dict[str, Any]:
    """The `backup.json` of a backup."""
    with tarfile.open(file) as tar:
        content: dict[str, Any] = json.load(tar.extractfile("backup.json"))  # type: ignore[arg-type]  # a file
    return content


def rows(file: Path) -> dict[str, list[Any]]:
    """Every table in a backup as sorted values, independent of the collation; 1 equals 1.0."""
    return {
        name: sorted(([*map(json.loads, content.decode("utf-8", "surrogatepass").splitlines())]), key=repr)
        for name, content in tables(file).items()
    }
