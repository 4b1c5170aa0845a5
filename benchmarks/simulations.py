"""Trying a scheme out over a published run, and the bare GROUP BY over the same Parquet that tells the sizes alone.

Each side does its work once before it is timed, as in a process that has been at work: a page that is open.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.tasks import Task
from custrata.engine import connect
from custrata.lake import Workspace
from custrata.pipeline.simulation import preview, simulate
from custrata.tiering import Definition, define

Job = Callable[[], dict[str, Any]]

VALUE = {"key": "value", "kind": "pareto", "trait": "spend"}
LIVED = {"key": "vip", "kind": "threshold", "trait": "spend"}
BARE = """
SELECT CASE WHEN spend >= {line} THEN 'high' WHEN spend >= {line} / 4 THEN 'mid' ELSE 'low' END AS tier,
    value_tier, count(*) AS customers, sum(spend) AS revenue
FROM read_parquet('{path}') GROUP BY 1, 2
"""


def pareto(first: str) -> Definition:
    """The built-in scheme of value with another first share."""
    tiers = [{"key": "high", "share": first}, {"key": "mid", "share": "90%"}, {"key": "low"}]
    return define({**VALUE, "tiers": tiers})


def lived(line: int) -> Definition:
    """A scheme whose tiers have keep lines, validity and grace."""
    tiers = [
        {"key": "gold", "line": line, "keep": "80%", "valid_days": 90, "grace_days": 30, "cost": 20},
        {"key": "silver", "line": line // 4, "keep": "80%", "grace_days": 30, "drop_at_most": 1, "cost": 2},
        {"key": "basic"},
    ]
    return define({**LIVED, "tiers": tiers})


def simulation(task: Task) -> Job:
    """The whole simulation of a changed built-in scheme: sizes, moves, fifty movers with reasons, losers."""
    return _simulated(task, pareto("70%"), pareto("60%"))


def simulation_lived(task: Task) -> Job:
    """The same of a scheme whose tiers have a life."""
    return _simulated(task, lived(4000), lived(2000))


def previewed(task: Task) -> Job:
    """The sizes that a page shows while a line is dragged."""
    workspace, engine = Workspace.open(_folder(task)), connect()
    preview(workspace, pareto("70%"), engine)

    def job() -> dict[str, Any]:
        return {"tiers": dict(preview(workspace, pareto("60%"), engine).tiers)}

    return job


def bare(task: Task) -> Job:
    """Customers and spend by a drawn tier and the published one, in one statement."""
    run = Workspace.open(_folder(task)).runs.published()
    assert run is not None
    path, duck = run.folder / "profile.parquet", duckdb.connect()
    duck.execute(BARE.format(path=path, line=4000)).fetchall()
    return lambda: {"rows": len(duck.execute(BARE.format(path=path, line=2000)).fetchall())}


def _simulated(task: Task, first: Definition, then: Definition) -> Job:
    workspace, engine = Workspace.open(_folder(task)), connect()
    simulate(workspace, first, engine)

    def job() -> dict[str, Any]:
        result = simulate(workspace, then, engine)
        return {"customers": result.customers, "moved": result.moved, "movers": len(result.movers)}

    return job


def _folder(task: Task) -> Path:
    assert task.workspace is not None
    return task.workspace
