"""Start real `custrata` processes on the test database, and inspect them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[3]
AT = datetime(2025, 7, 1, 4, tzinfo=UTC)


def database_address() -> str:
    """The test database as a DATABASE_URL."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    host = quote(str(database["HOST"]), safe="")
    return f"postgresql://{database['USER']}@{host}/{database['NAME']}"


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until the condition is true."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Environment variables of the processes: the workspace, the test database, and the trial app."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "DJANGO_SETTINGS_MODULE": "tests.server.jobs.settings",
        "DATABASE_URL": database_address(),
        "CUSTRATA_WORKSPACE": str(folder),
        "CUSTRATA_LANGUAGE": "en",
        **more,
    }


def command(*arguments: str) -> list[str]:
    """The command `custrata` of this checkout."""
    return [sys.executable, "-m", "custrata", *arguments]


class Tree:
    """`custrata …` and every process below it."""

    def __init__(self, folder: Path, log: Path, arguments: tuple[str, ...]) -> None:
        self.log = log
        with log.open("wb") as written:
            variables = environment(folder)
            self.process = subprocess.Popen(
                command(*arguments), env=variables, cwd=ROOT, stdout=written, stderr=written
            )

    def output(self) -> str:
        """Everything written to stdout and stderr."""
        return self.log.read_text("utf-8")

    def ready(self, seconds: float = 20) -> Tree:
        """Wait until it reports that it is ready."""
        wait_until(lambda: self.process.poll() is not None or "Ctrl+C" in self.output(), seconds)
        assert self.process.poll() is None, self.output()
        return self

    def processes(self) -> list[int]:
        """Its process ids, the root first."""
        return [self.process.pid, *descendants(self.process.pid)]

    def stop(self) -> float:
        """Send SIGTERM; returns the seconds until it exited."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        return time.monotonic() - began

    def kill(self) -> None:
        """Send SIGKILL."""
        self.process.kill()
        self.process.wait(timeout=20)


def descendants(pid: int) -> list[int]:
    """The ids of all descendants of a process, oldest first."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [descendant for child in children for descendant in (int(child), *descendants(int(child)))]


def is_running(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False
