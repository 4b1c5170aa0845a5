"""Refreshes whose processes are killed at random moments: each effect appears once, and nothing is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from django.utils import timezone
from tests.server.jobs.process_tree import Tree

from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.models import Job, Status
from custrata.apps.jobs.queries import running
from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh

KILLS = int(os.environ.get("CUSTRATA_KILLS", "2"))
DAYS = [f"2025-07-{day:02}" for day in range(2, 30)]

pytestmark = pytest.mark.django_db(transaction=True)


def enqueue_job(as_of: str) -> Job:
    return enqueue(kind="refresh", arguments={"as_of": as_of}, actor=None, at=timezone.now())


def profiles_by_day(workspace: Workspace) -> dict[str, list[dict[str, object]]]:
    """The profile of every run by its instant, regardless of run ids and creation times."""
    runs = workspace.runs.all()
    profiles = {run.as_of.isoformat(): pl.read_parquet(run.folder / "profile.parquet") for run in runs}
    assert len(profiles) == len(runs), "a day was graded twice"
    return {as_of: rows.sort("customer_id").to_dicts() for as_of, rows in profiles.items()}


def expected_profiles(graded: Path, folder: Path, days: list[str]) -> dict[str, list[dict[str, object]]]:
    """The profiles of the same refreshes without kills."""
    shutil.copytree(graded, folder)
    workspace = Workspace.open(folder)
    with DuckEngine(threads=2) as engine:
        for day in days:
            refresh(workspace, engine, at=timezone.now(), as_of=day)
    return profiles_by_day(workspace)


@pytest.mark.parametrize("kills", [KILLS, pytest.param(10, marks=pytest.mark.deep)])
def test_refreshes_killed_at_random_appear_once_and_whole(
    kills: int, tree: Callable[..., Tree], own_workspace: Workspace, graded: Path, tmp_path: Path
) -> None:
    chance, work, killed, days = random.Random(kills), tree("work").ready(), 0, iter(DAYS)
    requested_days: list[str] = []
    while killed < kills or running("refresh"):
        if not running("refresh"):
            requested_days.append(next(days))
            enqueue_job(requested_days[-1])
        time.sleep(chance.uniform(0, 1))
        if killed < kills:
            killed += 1
            victim = chance.choice(work.processes())
            if victim == work.process.pid:
                work.kill()
                work = tree("work").ready()
            else:
                _kill(victim)
    assert work.stop() < 5
    assert set(Job.objects.filter(kind="refresh").values_list("status", flat=True)) == {Status.DONE}
    assert profiles_by_day(own_workspace) == expected_profiles(graded, tmp_path / "unharmed", requested_days)
    assert list((own_workspace.folder / "derived").glob(".draft-*")) == []


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
