"""Kill processes of a server, and imports beside it, at random moments."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.server.jobs.process_tree import ROOT, Tree, command, environment, wait_until
from tests.server.kills.users import Browser

LOOK = 0.002  # seconds
LONGEST = 120  # seconds until a killed process is running again, on a busy machine
APART = 2.5  # seconds at most from one kill to the next: sometimes a refresh or an import ends in between
# Weights: more for processes that run seldom and write most; less for the whole tree, whose restart is slow.
OFTEN = {"import": 20, "job": 5, "everything": 0.3}


class Processes:
    """The processes that may be killed: `custrata up` with its descendants, and the running import."""

    def __init__(self, start: Callable[[], Tree], workspace: Path, browser: Browser) -> None:
        self._start = start
        self._workspace = workspace
        self._browser = browser
        self.up = start().ready(LONGEST)
        self._import: subprocess.Popen[bytes] | None = None

    def import_until_done(self, kind: str, file: Path, language: str = "en") -> None:
        """Import a file by the command line, repeated until it succeeds."""
        variables = environment(self._workspace)
        while True:
            stdout = subprocess.DEVNULL
            self._import = subprocess.Popen(command("import", kind, str(file)), env=variables, cwd=ROOT, stdout=stdout)
            code = self._import.wait(timeout=120)
            self._import = None
            if code != -signal.SIGKILL:
                assert code == 0
                return

    def running(self) -> dict[str, list[int]]:
        """Ids of the running processes by kind."""
        top = self.up.process.pid
        pids_by_kind = {"everything": [top], **_pids_by_name(top)}
        for web in pids_by_kind.get("web", []):
            pids_by_kind["answering"] = pids_by_kind.get("answering", []) + _children(web)
        for worker in pids_by_kind.get("worker", []):
            pids_by_kind["job"] = pids_by_kind.get("job", []) + _children(worker)
        if (importing := self._import) is not None:
            pids_by_kind["import"] = [importing.pid]
        return {what: pids for what, pids in pids_by_kind.items() if pids}

    def kill(self, what: str, pid: int) -> None:
        """Kill a process; restart the server where it was the root."""
        if what != "everything":
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        self.up.kill()
        self.up = self._start().ready(LONGEST)

    def serves(self) -> bool:
        """Whether the server is ready."""
        return self._browser.request("/ready").status == 200

    def is_writing(self, what: str) -> bool:
        """Whether it is about to write: an import facts, everything else a run."""
        if what == "import":
            return (self._workspace / "lake" / ".writing").exists()
        return any((self._workspace / "derived").glob(".draft-*"))


class Killer:
    """Kills processes in a thread while the block lasts; `killed` counts the kills by kind."""

    def __init__(self, processes: Processes, kills: int, chance: random.Random) -> None:
        self.victims, self.kills, self.chance = processes, kills, chance
        self.killed: Counter[str] = Counter()
        self.allowed = 0  # kills allowed so far, so that some work finishes in between
        self.failed: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *how: object) -> None:
        self.kills = 0
        self._thread.join(60)

    def is_done(self) -> bool:
        """Whether all kills are done. Raises the error of its thread."""
        if self.failed is not None:
            raise self.failed
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while self.killed.total() < self.kills:
                if self.killed.total() < self.allowed:
                    self._kill_next()
                else:
                    time.sleep(0.05)
        except BaseException as error:
            self.failed = error

    def _kill_next(self) -> None:
        """Kill one process, preferring kinds killed seldom; half of the kills happen during a write."""
        time.sleep(self.chance.uniform(0, APART))
        kinds = sorted(self.victims.running())
        what = self.chance.choices(kinds, [OFTEN.get(kind, 1) / (1 + self.killed[kind]) ** 2 for kind in kinds])[0]
        if self.chance.random() < 0.5:
            self._wait_for_writing(what)
        still = self.victims.running().get(what)
        if not still:
            return
        self.killed[what] += 1
        self.victims.kill(what, self.chance.choice(still))
        if what in ("web", "answering", "everything"):
            wait_until(self.victims.serves, LONGEST)

    def _wait_for_writing(self, what: str) -> None:
        end = time.monotonic() + 3
        while not self.victims.is_writing(what) and time.monotonic() < end:
            time.sleep(LOOK)
        time.sleep(self.chance.uniform(0, 0.15))


def _pids_by_name(top: int) -> dict[str, list[int]]:
    """Ids of the direct children of a process, by name."""
    pids_by_name: dict[str, list[int]] = {}
    for pid in _children(top):
        with suppress(OSError):
            name = Path(f"/proc/{pid}/comm").read_text().strip().removeprefix("custrata-")
            pids_by_name.setdefault(name, []).append(pid)
    return pids_by_name


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
