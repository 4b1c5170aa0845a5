"""Refreshes by the API."""

from __future__ import annotations

import pytest
from tests.server.api.conftest import Asking

from custrata.lake import Workspace

pytestmark = pytest.mark.django_db


def test_refreshes_come_the_newest_first_page_by_page(asking: Asking, served: Workspace) -> None:
    program, seen, cursor = asking(), list[str](), ""
    while cursor is not None:
        told = program.get("/runs", limit=3, cursor=cursor).json()
        seen += [run["id"] for run in told["runs"]]
        cursor = told["next"]
    assert seen == [run.id for run in reversed(served.runs.all())]


def test_one_refresh_tells_what_it_found_and_by_which_versions(asking: Asking, served: Workspace) -> None:
    run = served.runs.all()[-1]
    told = asking().get(f"/runs/{run.id}").json()
    assert (told["as_of"], told["headline"]["customers"]) == ("2025-06-30T16:00:00Z", 240)
    assert told["schemes"]["value"] == 1
    assert set(told["steps"]) == set(run.record["steps"])


def test_an_unknown_refresh_is_not_found(asking: Asking, served: Workspace) -> None:
    answer = asking().get("/runs/nope")
    assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchRun")
