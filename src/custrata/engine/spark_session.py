"""How a Spark session is started: on this machine, or on a cluster whose workers see the folder that is worked in."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from threading import Event, Timer
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pyspark
from pyspark.sql import DataFrame, Observation, SparkSession, functions

from custrata.engine.memory import memory_in_bytes
from custrata.engine.spark_options import MASTER, is_cluster
from custrata.errors import BadInput, Refused

STANDALONE, REMOTE = "spark://", "spark.remote"
ANSWER = 5.0  # seconds that a master has to answer
PATIENCE = ("spark.network.timeout", "120s")  # that a cluster has to do the first task


class SharedFolderMissing(BadInput):
    template = (
        "A Spark cluster needs a folder that every worker can read and write. Use a workspace on a shared folder that "
        "this user can write to, or connect(scratch=…)."
    )


class SparkNotStarted(Refused):
    template = (
        "Spark could not be started with the master {master}: {reason}. Check the address and the options, and that "
        "the cluster runs Spark {version}."
    )


class OtherSparkSession(Refused):
    template = (
        "This process has a Spark session already, with the master {active}. Close it, or use {master} in another "
        "process."
    )


class SparkConnectRefused(BadInput):
    template = (
        "Spark Connect (spark.remote) cannot be used: its server does not see the folders of this machine. Name the "
        "master of a cluster whose workers see the workspace."
    )


class NoSparkWorkers(Refused):
    template = (
        "No worker of the Spark master {master} has done a task within {seconds} seconds. Check that workers are "
        "registered, that they are free, and that they offer the cores and the memory of the options."
    )


class FolderNotShared(Refused):
    template = (
        "Spark's workers do not see the folder {folder} as this machine does. Mount it at the same path on every "
        "worker, writable for the user that the workers run as."
    )


def start_session(threads: int | None, memory_limit: str | None, options: Mapping[str, str]) -> SparkSession:
    """Start a session, or take the one of this process.

    Raises `SparkConnectRefused`, `OtherSparkSession`, `SparkNotStarted`.
    """
    if REMOTE in options:
        raise SparkConnectRefused()
    settings = {**_settings(threads, memory_limit, cluster=is_cluster(options)), **options}
    master = settings[MASTER]
    if master.startswith(STANDALONE):
        _check_reachable(master)
    active = SparkSession.getActiveSession()
    if active is not None and options.get(MASTER, active.sparkContext.master) != active.sparkContext.master:
        raise OtherSparkSession(active=active.sparkContext.master, master=options[MASTER])
    builder = SparkSession.builder
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as error:  # of Python, of the gateway to Java, or of Java
        raise _not_started(master, _reason(error)) from error


def _settings(threads: int | None, memory_limit: str | None, *, cluster: bool) -> dict[str, str]:
    settings = {
        MASTER: f"local[{threads or '*'}]",
        "spark.app.name": "custrata",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # Nobody looks at Spark's own pages; what they would show of each query, its plan above all, fills the heap.
        "spark.sql.ui.retainedExecutions": "1",
        "spark.ui.retainedJobs": "1",
        "spark.ui.retainedStages": "1",
        "spark.ui.retainedTasks": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        "spark.sql.shuffle.partitions": str((threads or 2) * 2),
        "spark.driver.memory": "2g" if memory_limit is None else f"{memory_in_bytes(memory_limit) // 1024**2}m",
        "spark.log.level": "ERROR",
        "spark.sql.ansi.enabled": "false",
    }
    if cluster:  # as many partitions as Spark likes: it merges small ones by itself
        del settings["spark.sql.shuffle.partitions"]
    return settings


def _check_reachable(master: str) -> None:
    """Whether a standalone master answers: Spark itself tries for a minute. Raises `SparkNotStarted`."""
    reason: object = "?"
    for address in master.removeprefix(STANDALONE).split(","):
        try:
            parts = urlsplit(f"//{address}")
            with socket.create_connection((parts.hostname or "", parts.port or 7077), timeout=ANSWER):
                return
        except (OSError, ValueError) as error:
            reason = error
    raise _not_started(master, reason)


def _not_started(master: str, reason: object) -> SparkNotStarted:
    return SparkNotStarted(master=master, reason=reason, version=pyspark.__version__)


def _reason(error: BaseException) -> str:
    """What Java says, without the trace of its calls; else the error itself."""
    java = getattr(error, "java_exception", None)
    return str(java.getMessage() if java is not None else error).strip().partition("\n")[0].rstrip(".")


def check_workers(session: SparkSession, folder: Path) -> None:
    """Let the workers write files into a folder, and count their rows. Raises `NoSparkWorkers`, `FolderNotShared`."""
    context, probe = session.sparkContext, folder / "probe"
    seconds, late = int(context._jsc.sc().conf().getTimeAsSeconds(*PATIENCE)), Event()

    def give_up() -> None:
        late.set()
        context.cancelAllJobs()

    timer = Timer(seconds, give_up)
    timer.start()
    rows = max(context.defaultParallelism, 2)
    try:
        write_parts(session.range(0, rows, 1, rows), probe, counted=True)
    except FolderNotShared:
        raise
    except Exception as error:
        if late.is_set():
            raise NoSparkWorkers(master=context.master, seconds=seconds) from error
        raise FolderNotShared(folder=folder) from error
    finally:
        timer.cancel()
    shutil.rmtree(probe, ignore_errors=True)


def write_parts(frame: DataFrame, folder: Path, *, counted: bool) -> list[Path]:
    """Write a frame as Parquet files, each partition by whoever has its rows; the files in the order of rows.

    `counted` compares the rows that workers wrote with those in the folder: where a worker does not see it, Spark
    writes into one of the same name there, and reports no error. Raises `FolderNotShared`.
    """
    written = Observation()
    watched = frame.observe(written, functions.count(functions.lit(1)).alias("rows")) if counted else frame
    watched.write.mode("overwrite").parquet(address(folder))
    files = sorted(folder.glob("part-*.parquet"))
    if counted and written.get["rows"] != sum(pq.read_metadata(file).num_rows for file in files):
        raise FolderNotShared(folder=folder.parent)
    return files


def address(path: Path | str) -> str:
    """A file or folder for Spark: on a cluster a bare path may be one of another file system."""
    return f"file://{Path(path).absolute()}"
