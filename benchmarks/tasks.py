"""The timed works by name, and how to run one in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# By name, not imported: the parent stays small, and each child loads only what its own work needs.
WORKS = {
    "generate": "benchmarks.ours:generate",
    "prepare": "benchmarks.ours:prepare",
    "main": "benchmarks.ours:main_job",
    "import": "benchmarks.ours:csv_import",
    "refresh": "benchmarks.ours:refresh_alone",
    "refresh_imported": "benchmarks.ours:refresh_imported",
    "refresh_next": "benchmarks.ours:refresh_next",
    "life": "benchmarks.lives:one_transition",
    "pandas": "benchmarks.pandas_job:main_job",
    "polars": "benchmarks.polars_job:main_job",
    "floor": "benchmarks.peers:floor",
    "bare": "benchmarks.peers:bare",
    "bare_all": "benchmarks.peers:bare_all",
    "bare_join": "benchmarks.lives:bare_join",
    "copy": "benchmarks.peers:copy",
    "agree": "benchmarks.peers:agree",
    "simulation": "benchmarks.simulations:simulation",
    "simulation_lived": "benchmarks.simulations:simulation_lived",
    "preview": "benchmarks.simulations:previewed",
    "simulation_sql": "benchmarks.simulations:bare",
    "cluster_one": "benchmarks.cluster:one_worker",
    "cluster_two": "benchmarks.cluster:two_workers",
    "cluster_agree": "benchmarks.cluster:agree",
    "criteria": "benchmarks.conditions:ours",
    "criteria_sql": "benchmarks.conditions:by_hand",
}


@dataclass(frozen=True)
class Task:
    """The input of a work.

    `orders` rows are in `csv`; `folder` is scratch of its own, `other` that of a run to compare with; `workspace` a
    prepared one, with `files` the Parquet of its orders and `as_of` (microseconds since 1970) the start of the day
    after the newest.
    """

    customers: int
    seed: int
    cache: Path
    folder: Path
    csv: Path | None = None
    orders: int = 0
    other: Path | None = None
    workspace: Path | None = None
    files: tuple[str, ...] = ()
    as_of: int = 0

    def to_json(self) -> str:
        """As text for the child's command line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Task:
        """The same task, in the child."""
        fields = json.loads(text)
        paths = {name: Path(fields[name]) for name in ("cache", "folder", "csv", "other", "workspace") if fields[name]}
        return cls(**{**fields, **paths, "files": tuple(fields["files"])})


@dataclass(frozen=True)
class Timing:
    """One run of one work: wall-clock and CPU seconds, peak memory, and the details it reports."""

    seconds: float
    cpu_seconds: float
    peak_mb: float
    details: dict[str, Any] = field(default_factory=dict)


class WorkFailed(Exception):
    """A work ended in an error or was killed, perhaps for lack of memory."""


def timed(name: str, task: Task) -> Timing:
    """Do a work in a fresh process. Raises `WorkFailed`; what the process wrote to stderr is on ours."""
    command = [sys.executable, "-m", "benchmarks.child", name, task.to_json()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise WorkFailed(f"{name} ended with {done.returncode}")
    return Timing(**json.loads(done.stdout.splitlines()[-1]))
