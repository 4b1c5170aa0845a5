"""Workspaces that take seconds to make: made once for the code as it is, kept in `build/prepared`, and copied."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "prepared"
CODE = ("src/custrata", "tests/server/conftest.py", "constraints.txt")


@cache
def code_hash() -> str:
    """A hash of everything that a prepared workspace depends on."""
    total = hashlib.sha256(sys.version.encode())
    for place in CODE:
        for path in sorted((ROOT / place).rglob("*")) or [ROOT / place]:
            if path.suffix in (".py", ".toml", ".txt"):
                total.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return total.hexdigest()[:16]


def prepared_workspace(name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` filled with this code, perhaps in an earlier session. Copied, never changed."""
    folder = FOLDER / f"{name}-{code_hash()}"
    if not folder.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        for older in FOLDER.glob(f"{name}-*"):
            shutil.rmtree(older, ignore_errors=True)
        with TemporaryDirectory(dir=FOLDER) as draft:
            make(Path(draft) / "workspace")
            with suppress(OSError):  # another session was quicker
                (Path(draft) / "workspace").rename(folder)
    return folder
