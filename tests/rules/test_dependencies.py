"""Every dependency has a comment with its reason; no file names a package mirror or a local path."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

NAME = re.compile(r"[A-Za-z0-9._-]+")
REQUIREMENT = re.compile(r'^\s+"(?P<requirement>[A-Za-z0-9._-]+[^"]*)",(?P<rest>.*)$')
PIN = re.compile(r"^[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+$")
REASON = re.compile(r"#\s*\w.{5,}")
REGISTRIES = re.compile(
    r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|yarnpkg[.]com|--(?:extra-)?index[-]url|--find[-]links"
)
MACHINE = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work)/\w")
BINARY = {".png", ".jpg", ".gz", ".parquet", ".xlsx", ".ico", ".woff2"}


def without_reason(project: str) -> Iterator[str]:
    """Requirements in the lists of a pyproject.toml that no comment explains."""
    lists = project.partition("\ndependencies = [")[2].partition("[project.scripts]")[0]
    for line in lists.splitlines():
        if (match := REQUIREMENT.match(line)) and not REASON.search(match["rest"]):
            yield match["requirement"]


def tracked(root: Path) -> list[Path]:
    """The files of the tree: what git tracks, and what it would if one added everything."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    paths = [root / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def mentions(files: list[Path], pattern: re.Pattern[str]) -> list[str]:
    matches = ((path, pattern.search(path.read_text("utf-8", errors="replace"))) for path in files)
    return [f"{path}: {match[0]}" for path, match in matches if match]


def test_every_dependency_has_its_reason(root: Path) -> None:
    assert list(without_reason((root / "pyproject.toml").read_text("utf-8"))) == []


def test_sees_a_dependency_without_a_reason() -> None:
    project = '\ndependencies = [\n    "click>=8",  # the command line\n    "left-pad>=1",\n]\n[project.scripts]'
    assert list(without_reason(project)) == ["left-pad>=1"]


def test_every_dependency_is_pinned(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    requirements = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    pins = {line.partition("==")[0] for line in (root / "constraints.txt").read_text("utf-8").splitlines()}
    assert {_plain(name) for name in requirements} - {_plain(pin) for pin in pins} == set()


def _plain(requirement: str) -> str:
    name = NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""


def test_constraints_hold_names_and_versions_only(root: Path) -> None:
    lines = (root / "constraints.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#") and not PIN.match(line)] == []


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE], ids=["registries", "machines"])
def test_no_file_names_a_registry_or_a_machine(root: Path, pattern: re.Pattern[str]) -> None:
    assert mentions(tracked(root), pattern) == []


def test_sees_a_registry_and_a_machine(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("from " + "https://" + "pypi" + ".org/simple into " + "/ho" + "me/somebody/x")
    assert [len(mentions([file], pattern)) for pattern in (REGISTRIES, MACHINE)] == [1, 1]
