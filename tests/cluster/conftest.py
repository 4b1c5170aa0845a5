"""A Spark cluster of a master and two workers, each a process of its own, and commands that run on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from benchmarks.standalone import HOST, standalone

from tests.conftest import NO_JAVA, lacking

NO_PYTHON = "/bin/false"  # workers need no Python
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xss4m"
# For tables of a few rows, as in the session that the other tests share.
SMALL = {
    "spark.driver.memory": "600m",
    "spark.executor.memory": "480m",
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/cluster" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("spark"))


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the master."""
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        lacking(NO_JAVA)
    with standalone(tmp_path_factory.mktemp("spark"), workers=2, memory="512m") as address:
        yield address


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """`python("-m", "custrata", …)` in a process of its own, since a process has one Spark session."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *map(str, arguments)]
        environment = {**os.environ, "SPARK_LOCAL_IP": HOST, "LC_ALL": "C.UTF-8", "PYSPARK_PYTHON": NO_PYTHON}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
        )

    return run
