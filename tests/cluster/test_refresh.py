"""A refresh on a Spark cluster over a shared folder: the same run as on this machine, or a reason why not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh
from tests.cluster.conftest import SMALL, Run
from tests.pipeline.conftest import AT, opened, shop, stock

REFRESH = ("-m", "custrata", "refresh", "--as-of", "2025-06-01", "--engine", "spark")
PROGRAM = """
import sys
from custrata.engine import connect
connect("spark", scratch="/proc/self/cwd", spark_options={"spark.master": sys.argv[1], **SMALL})
"""


def options(**values: str) -> list[str]:
    """Settings of Spark as options of a command."""
    pairs = {**SMALL, **{f"spark.{key.replace('_', '.')}": value for key, value in values.items()}}
    return [part for key, value in pairs.items() for part in ("--spark-option", f"{key}={value}")]


def published(workspace: Workspace) -> dict[str, object]:
    """The tables of the published run, and the summary in its record."""
    run = workspace.runs.published()
    assert run is not None
    tables = {name: pq.read_table(run.table(name)) for name in ("profile", "changes", "shared_cards")}
    summary = ("curve", "headline", "tiers", "moves", "rfm_map", "rfm_labels", "pareto", "histograms")
    return {**tables, **{name: run.record[name] for name in summary}}


def test_the_run_equals_the_one_of_this_machine_to_the_cent(
    duck: DuckEngine, master: str, python: Run, tmp_path: Path
) -> None:
    ours = opened(tmp_path)
    stock(ours, duck, shop(520))  # enough to learn from
    refresh(ours, duck, at=AT, as_of="2025-05-01")
    theirs = Workspace.open(shutil.copytree(ours.folder, tmp_path / "shared"))
    refresh(ours, duck, at=AT, as_of="2025-06-01", learn=True)
    done = python(*REFRESH, "--learn", "--master", master, *options(), "-w", theirs.folder)
    assert (done.returncode, done.stderr.count("custrata:")) == (0, 0), done.stderr
    both = published(ours), published(theirs)
    assert [name for name in both[0] if both[0][name] != both[1][name]] == []
    assert list((theirs.folder / "scratch").iterdir()) == []


def test_a_folder_that_workers_do_not_see_is_refused(master: str, python: Run) -> None:
    # Every process sees another folder behind that path.
    done = python("-c", PROGRAM.replace("SMALL", repr(SMALL)), master)
    assert "FolderNotShared: Spark's workers do not see the folder /proc/self/cwd" in done.stderr


def test_a_cluster_without_a_worker_that_is_large_enough_is_refused(
    duck: DuckEngine, master: str, python: Run, tmp_path: Path
) -> None:
    workspace = opened(tmp_path)
    short = options(
        executor_memory="64g", network_timeout="5s", network_timeoutInterval="1s", executor_heartbeatInterval="1s"
    )
    done = python(*REFRESH, "--master", master, *short, "-w", workspace.folder, "--language", "en")
    assert (done.returncode, "has done a task within 5 seconds" in done.stderr) == (1, True), done.stderr
