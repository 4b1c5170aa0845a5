"""Refreshes by the API."""

from __future__ import annotations

import pytest
from tests.server.api.conftest import MakeProgram

from custrata.lake import Workspace
from custrata.pipeline.upkeep import trace_of

pytestmark = pytest.mark.django_db


def test_refreshes_come_the_newest_first_page_by_page(make_program: MakeProgram, served: Workspace) -> None:
    program, run_ids, cursor = make_program(), list[str](), ""
    while cursor is not None:
        body = program.get("/runs", limit=3, cursor=cursor).json()
        run_ids += [run["id"] for run in body["runs"]]
        cursor = body["next"]
    assert run_ids == [run.id for run in reversed(served.runs.all())]


def test_one_refresh_tells_what_it_found_and_by_which_versions(make_program: MakeProgram, served: Workspace) -> None:
    run = served.runs.all()[-1]
    body = make_program().get(f"/runs/{run.id}").json()
    assert (body["as_of"], body["headline"]["customers"]) == ("2025-06-30T16:00:00Z", 240)
    assert body["schemes"]["value"] == 1
    assert set(body["steps"]) == set(run.record["steps"])


def test_an_unknown_refresh_is_not_found(make_program: MakeProgram, served: Workspace) -> None:
    answer = make_program().get("/runs/nope")
    assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchRun")


def test_a_removed_run_is_not_found_either(make_program: MakeProgram, own_workspace: Workspace) -> None:
    run = own_workspace.runs.all()[1]
    own_workspace.runs.reduce_to_traces({run.id: trace_of(run)})
    answer = make_program().get(f"/runs/{run.id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "RunRemoved")
