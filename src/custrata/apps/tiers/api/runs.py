"""Refreshes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Query, Router

from custrata.apps.tiers.api.shapes import OneRunOut, RunsOut
from custrata.apps.tiers.queries.runs import all_runs
from custrata.apps.tiers.queries.runs import run as run_of
from custrata.apps.tiers.rights import READ_RUNS
from custrata.pipeline.reading import GradedRun
from custrata.pipeline.record import graded_record
from custrata.web.bearers import BearerToken
from custrata.web.listing import Paged, cut, place_in
from custrata.web.problems import answers

router = Router(tags=["runs"])
READ = BearerToken(READ_RUNS)


@router.get("/runs", auth=READ, response=answers(RunsOut), url_name="runs")
def list_runs(request: HttpRequest, paged: Query[Paged]) -> dict[str, Any]:
    """Every published refresh, the newest first."""
    place = place_in(paged, "runs")
    runs = [run for run in reversed(all_runs()) if place is None or run.id < str(place[0])]
    page, following = cut(runs[: paged.limit + 1], paged, "runs", lambda run: (run.id,))
    return {"runs": [_run(run) for run in page], "next": following}


@router.get("/runs/{run_id}", auth=READ, response=answers(OneRunOut, 404), url_name="run")
def one_run(request: HttpRequest, run_id: str) -> dict[str, Any]:
    """One published refresh."""
    run = run_of(run_id)
    return {**_run(run), "schemes": {key: graded.version for key, graded in run.schemes.items()}}


def _run(run: GradedRun) -> dict[str, Any]:
    facts = {"at": run.created_at, "headline": graded_record(run.totals), "steps": run.steps}
    return {"id": run.id, "as_of": run.as_of, **facts}
