"""How much processor time each test takes: `CUSTRATA_TEST_TIMES=FILE`, summed by `tools/test_times.py FILE`.

Processor time of the test and of the processes it waited for: on a busy machine it says more than the clock does.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest


def processor_seconds() -> float:
    """The processor time of this process and of its ended children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


class Times:
    """Appends a line for each test: its seconds of processor time, and its name."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Measure set-up, call and tear-down of a test."""
        before = processor_seconds()
        result = yield
        with self.file.open("a", encoding="utf-8") as lines:
            lines.write(f"{processor_seconds() - before:.3f}\t{item.nodeid}\n")
        return result


def register_times(config: pytest.Config) -> None:
    """Measure the tests of this session, where the environment names a file for it."""
    if file := os.environ.get("CUSTRATA_TEST_TIMES"):
        config.pluginmanager.register(Times(Path(file).absolute()))
