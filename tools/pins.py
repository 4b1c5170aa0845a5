"""The pins of constraints.txt: made for every Python we promise, and checked to be there for every machine.

`python tools/pins.py` renews them. uv resolves for a Python and a machine that need not be here, and asks the package
index that pip is told to ask.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
PYTHONS = ("3.11.0", "3.13")  # the oldest and the newest we promise
MACHINES = ("x86_64", "aarch64")
GLIBC = "manylinux_2_28"
WITHOUT_WHEEL = {"pyspark"}  # published as source alone: Python and Java, which pip builds without a compiler
HEAD = f"# Pins of the whole environment, every extra, made by `make constraints` for Python {' and '.join(PYTHONS)}.\n"
FROM_PIP = {"UV_DEFAULT_INDEX": "index-url", "UV_INDEX": "extra-index-url", "SSL_CERT_FILE": "cert"}


class CannotPin(Exception):
    """There are no such versions: uv says why."""


class NoIndex(Exception):
    """The package index cannot be asked."""


def renew() -> str:
    """The newest versions that pyproject.toml allows, the same for every Python.

    Raises `CannotPin`, `NoIndex`.
    """
    project, pins = str(ROOT / "pyproject.toml"), ""
    for python in PYTHONS:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as before:
            before.write(pins)
            before.flush()
            same = ["--constraints", before.name]
            pins += _uv(project, "--all-extras", *same, "--python-version", python, "--python-platform", "linux")
    return HEAD + "".join(f"{line}\n" for line in sorted(set(pins.splitlines())))


def check(pins: dict[str, str], python: str, machine: str) -> None:
    """See that every pin runs on that Python and has a wheel for that machine, but those known to have none.

    Raises `CannotPin`, `NoIndex`.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as wanted:
        wanted.write("".join(f"{name}=={version}\n" for name, version in pins.items() if name not in WITHOUT_WHEEL))
        wanted.flush()
        place = ["--python-version", python, "--python-platform", f"{machine}-{GLIBC}"]
        _uv(wanted.name, "--no-deps", "--only-binary", ":all:", *place)


def pinned(text: str) -> dict[str, str]:
    """Package and version of every line of constraints.txt."""
    return dict(line.split("==", 1) for line in text.splitlines() if not line.startswith("#"))


def _uv(*arguments: str) -> str:
    if find_spec("uv") is None:
        raise NoIndex("uv is not installed: make setup")
    from uv import find_uv_bin

    command = [find_uv_bin(), "pip", "compile", "--quiet", "--no-header", "--no-annotate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=_environment(), cwd=ROOT)
    if done.returncode:  # 1: no solution; 2: it could not look for one
        raise (CannotPin if done.returncode == 1 else NoIndex)(done.stderr.strip())
    return done.stdout


def _environment() -> dict[str, str]:
    """This environment, with what pip is told about the index where uv is told nothing."""
    told = {"UV_HTTP_RETRIES": "1"}
    for name, setting in FROM_PIP.items():
        if name not in os.environ and (value := _pip_setting(setting)):
            told[name] = value
    return told | os.environ


def _pip_setting(name: str) -> str:
    """A setting of pip's: of the environment, else of its files. Indexes in folders are pip's alone."""
    value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if value is None:
        command = [sys.executable, "-m", "pip", "config", "get", f"global.{name}"]
        value = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return " ".join(word for word in value.split() if not word.startswith("file:"))


if __name__ == "__main__":
    try:
        CONSTRAINTS.write_text(renew(), "utf-8")
    except (CannotPin, NoIndex) as problem:
        sys.exit(str(problem))
