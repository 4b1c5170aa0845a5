"""The feed of tier changes: each once, in order, with an error when history was rewritten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.server.api.conftest import MakeProgram, Program

from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh
from custrata.pipeline.reading import changes_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
LATER = datetime(2025, 7, 9, tzinfo=UTC)


@pytest.fixture
def program(make_program: MakeProgram) -> Program:
    return make_program()


def read_changes(program: Program, since: str = "", **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Everything since a cursor, and the cursor after it."""
    changes, more = list[dict[str, Any]](), True
    while more:
        body = program.get("/changes", since=since, **query).json()
        changes += body["changes"]
        since, more = body["since"], body["more"]
    return changes, since


def change_keys(changes: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(change["run"], change["customer_id"], change["scheme"]) for change in changes]


def test_each_change_comes_once_in_the_order_of_runs_customers_and_schemes(program: Program, served: Workspace) -> None:
    changes, _ = read_changes(program, limit=70)
    every = [
        (run.id, row["customer_id"], row["scheme"]) for run in served.runs.all() for row in changes_of(run, limit=9999)
    ]
    assert change_keys(changes) == every
    assert every == sorted(every)


def test_a_change_says_from_where_to_where_when_and_why(program: Program) -> None:
    first = program.get("/changes", scheme="frequency", limit=1).json()["changes"][0]
    assert (first["from"], first["to"], first["direction"], first["status"]) == ("low", "mid", "up", "upgraded")
    assert (first["value"], first["at"], first["late"]) == ("8.0000", "2025-04-30T16:00:00Z", False)


def test_only_the_schemes_asked_for(program: Program) -> None:
    changes, _ = read_changes(program, scheme="value,frequency", limit=1000)
    assert {change["scheme"] for change in changes} == {"value", "frequency"}


def test_who_has_seen_everything_keeps_the_cursor_and_sees_the_next_run(
    program: Program, own_workspace: Workspace
) -> None:
    _, cursor = read_changes(program, limit=1000)
    body = program.get("/changes", since=cursor).json()
    assert (body["changes"], body["since"], body["more"]) == ([], cursor, False)
    with DuckEngine(threads=2) as engine:
        refreshed = refresh(own_workspace, engine, at=LATER, as_of="2025-07-09")
    changes, _ = read_changes(program, since=cursor)
    assert {change["run"] for change in changes} == {refreshed.run.id}


def test_history_made_anew_behind_the_cursor_is_said_and_told_again(program: Program, own_workspace: Workspace) -> None:
    before, cursor = read_changes(program, limit=1000)
    third = own_workspace.runs.all()[2]
    remake_run(own_workspace, third.as_of)
    answer = program.get("/changes", since=cursor)
    assert (answer.status_code, answer.json()["code"]) == (410, "ChangesRewritten")
    again, _ = read_changes(program, since=answer.json()["since"], limit=1000)
    expected = [
        change["customer_id"] for change in before if change["at"] >= third.as_of.isoformat().replace("+00:00", "Z")
    ]
    assert [change["customer_id"] for change in again] == expected


def test_a_cursor_before_what_was_made_anew_stays_good(program: Program, own_workspace: Workspace) -> None:
    cursor = program.get("/changes", limit=1).json()["since"]
    remake_run(own_workspace, own_workspace.runs.all()[-1].as_of)
    assert program.get("/changes", since=cursor).status_code == 200


def remake_run(workspace: Workspace, as_of: datetime) -> None:
    """Replace the run of an instant, as a late import and a refresh do."""
    original = next(run for run in workspace.runs.all() if run.as_of == as_of)
    with workspace.runs.draft() as draft:
        for path in original.folder.glob("*.parquet"):
            (draft / path.name).write_bytes(path.read_bytes())
        workspace.runs.publish(draft, original.record | {"at": LATER.isoformat()}, supersedes=[original.id])


@pytest.mark.parametrize("since", ["nonsense", "a:b:c"])
def test_a_made_up_cursor_is_refused(program: Program, since: str) -> None:
    answer = program.get("/changes", since=since)
    assert (answer.status_code, answer.json()["code"]) == (422, "NotACursor")
