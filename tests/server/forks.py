"""Commands as forks of one process that has imported everything, so that kills hit their work and not their imports.

Each line of its input is a command as JSON: `arguments`, `environment`, `output` and `errors` (files), `seconds` after
which it is killed (none: never), and `umask` (none: that of the process). The answer to each is a line of JSON:
`code`, `killed`, `seconds`.
"""

from __future__ import annotations

import atexit
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import time
import traceback
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("cli", "pipeline", "ingest", "lake", "engine", "tiering", "report", "analytics")
LIBRARIES = ("deltalake", "duckdb", "pyarrow.parquet", "pyarrow.dataset", "polars", "pandas", "psycopg",
             "sklearn.cluster", "sklearn.tree", "django.core.management", "django.db.models")  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, whether it was killed, how long it took, and what it wrote."""

    code: int
    killed: bool
    seconds: float
    output: str
    errors: str

    @property
    def written(self) -> str:
        """All that it wrote."""
        return self.output + self.errors


class Forks:
    """Runs commands as forks of the process of this session, with a temporary folder of their own below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(
        self, *arguments: object, environment: Mapping[str, str] | None = None, seconds: float | None = None,
        database: str | None = None, umask: int | None = None,
    ) -> Ended:  # fmt: skip
        """Run a command; kill it after so many seconds."""
        temporary = self.folder / "temporary"
        temporary.mkdir(exist_ok=True)
        own = {"TMPDIR": str(temporary), "CUSTRATA_LANGUAGE": "en"} if environment is None else {}
        variables = (
            without_workspace() | own | dict(environment or {}) | ({"DATABASE_URL": database} if database else {})
        )
        output, errors = self.folder / "output", self.folder / "errors"
        answer = ask(
            {
                "arguments": [*map(str, arguments)], "environment": variables, "output": str(output),
                "errors": str(errors), "seconds": seconds, "umask": umask,
            }
        )  # fmt: skip
        return Ended(**answer, output=output.read_text("utf-8", "replace"), errors=errors.read_text("utf-8", "replace"))


def without_workspace() -> dict[str, str]:
    """The environment of this process, without the workspace and database of the caller."""
    own = {"DATABASE_URL", "CUSTRATA_WORKSPACE", "DJANGO_SETTINGS_MODULE"}
    return {name: value for name, value in os.environ.items() if name not in own}


def ask(command: Mapping[str, Any]) -> dict[str, Any]:
    """Send a command to the process, and wait for its answer."""
    process = _process()
    assert process.stdin is not None
    assert process.stdout is not None
    print(json.dumps(command), file=process.stdin, flush=True)
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


@cache
def _process() -> subprocess.Popen[str]:
    """The process whose forks run commands, until this one ends."""
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.forks"], cwd=ROOT, env=os.environ | {"PYTHONPATH": paths},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    atexit.register(process.communicate)
    return process


def main() -> None:
    """Fork for each command that is read, until the input ends."""
    _import_everything()
    for line in sys.stdin:
        command = json.loads(line)
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _become(command)
        killed = _wait(pid, command["seconds"])
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        print(json.dumps({"code": code, "killed": killed, "seconds": time.monotonic() - began}), flush=True)


def _import_everything() -> None:
    import_module("custrata.__main__")
    for package in PACKAGES:
        for module in pkgutil.walk_packages(import_module(f"custrata.{package}").__path__, f"custrata.{package}."):
            import_module(module.name)
    for library in LIBRARIES:
        import_module(library)


def _become(command: dict[str, Any]) -> NoReturn:
    """Be the command, and end with its exit code."""
    from custrata.__main__ import main as command_line

    for stream, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(command[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), stream)
    os.close(0)
    if command["umask"] is not None:
        os.umask(command["umask"])
    os.environ.clear()
    os.environ.update(command["environment"])
    import tempfile

    tempfile.tempdir = None  # was asked for by an import
    sys.argv = ["custrata", *command["arguments"]]
    code: object = 0
    try:
        command_line()
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
        code = 99
    # Not by the interpreter's end: it would wait for threads of libraries that a fork does not have.
    weakref.finalize._exitfunc()  # type: ignore[attr-defined]  # what the end would do for scratch folders
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 1)


def _wait(pid: int, seconds: float | None) -> bool:
    """Wait for the end of a process, at most so long; whether it was killed."""
    descriptor = os.pidfd_open(pid)
    try:
        ended, _, _ = select.select([descriptor], [], [], seconds)
        if not ended:
            os.kill(pid, signal.SIGKILL)
        return not ended
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    main()
