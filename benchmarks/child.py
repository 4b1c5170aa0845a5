"""One work in this process: `python -m benchmarks.child NAME TASK` prints its timing as JSON on the last line.

Imports and set-up come first and are not timed.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable
from importlib import import_module
from time import perf_counter, process_time
from typing import Any

from benchmarks.tasks import WORKS, Task

Job = Callable[[], dict[str, Any]]


def main(name: str, task: Task) -> dict[str, Any]:
    """Set a work up, run it, and return its timing."""
    module, function = WORKS[name].split(":")
    job: Job = getattr(import_module(module), function)(task)
    started, worked = perf_counter(), process_time()
    details = job()
    seconds, cpu_seconds = perf_counter() - started, process_time() - worked
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mb": _peak_mb(), "details": details}


def _peak_mb() -> float:
    # Linux counts in KiB, macOS in bytes. A child starts from its parent's peak: the parent imports nothing large.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Task.from_json(sys.argv[2]))))
