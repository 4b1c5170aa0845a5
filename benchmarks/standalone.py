"""A Spark cluster on this machine: a master and workers, each a process of its own, from the jars of PySpark."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import pyspark

HOST = "127.0.0.1"
START = 60.0  # seconds for a master or a worker to start
SPARK_CLASS = Path(pyspark.__file__).parent / "bin" / "spark-class"
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"
ADDRESS = re.compile(rf"Starting Spark master at (spark://{re.escape(HOST)}:\d+)")
REGISTERED = re.compile("(Successfully registered) with master")
# Of the master and the workers themselves, which only arrange what others do.
SMALL = {"SPARK_DAEMON_MEMORY": "128m", "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}


@contextmanager
def standalone(folder: Path, *, workers: int, memory: str = "1g") -> Iterator[str]:
    """The address of a cluster of so many workers with a core each; logs and work lie in the folder.

    It ends with the block.
    """
    with ExitStack() as stack:
        ports = ["--host", HOST, "--port", "0", "--webui-port", "0"]
        master = stack.enter_context(_daemon(folder / "master", ADDRESS, MASTER, *ports))
        for number in range(1, workers + 1):
            home = folder / f"worker-{number}"
            share = ["--cores", "1", "--memory", memory, "--work-dir", str(home)]
            stack.enter_context(_daemon(home, REGISTERED, WORKER, *ports, *share, master))
        yield master


@contextmanager
def _daemon(home: Path, ready: re.Pattern[str], *arguments: str) -> Iterator[str]:
    """A process of Spark; what its log says when it is ready."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / "log"
    environment = {**os.environ, "SPARK_LOCAL_IP": HOST, **SMALL}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [str(SPARK_CLASS), *arguments], env=environment, cwd=home, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield _wait(process, log, ready)
    finally:
        process.terminate()
        process.wait()


def _wait(process: subprocess.Popen[bytes], log: Path, ready: re.Pattern[str]) -> str:
    deadline = monotonic() + START
    while process.poll() is None and monotonic() < deadline:
        if (line := ready.search(log.read_text("utf-8", errors="replace"))) is not None:
            return line[1]
        sleep(0.1)
    raise RuntimeError(f"Spark did not start:\n{log.read_text('utf-8', errors='replace')}")
