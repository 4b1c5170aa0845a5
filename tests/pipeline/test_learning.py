"""Learned lines belong to a scheme's version: the same whatever instant a run looks from, and in whatever order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from custrata.engine import DuckEngine
from custrata.lake import Run, Workspace
from custrata.pipeline import rebuild, refresh
from custrata.tiering.learned import LearnedLines
from tests.examples import examples
from tests.pipeline.conftest import AT, opened, shop, stock
from tests.pipeline.lives import order, publish, run_at

CLUSTER = {"key": "groups", "kind": "cluster", "traits": ["orders", "spend"], "clusters": 3, "order_by": "spend"}
DAYS = ("2025-02-01", "2025-04-01", "2025-06-01")
OF_THE_RUN_BEFORE = ("_before", "_since", "_was_status")


def rows(run: Run, duck: DuckEngine) -> pa.Table:
    """The profile without what depends on which other runs there are."""
    table = run.read("profile", duck).order_by("customer_id").to_pyarrow()
    return table.drop_columns([name for name in table.column_names if name.endswith(OF_THE_RUN_BEFORE)])


def lines(workspace: Workspace, key: str = "lifecycle") -> Any:
    newest = LearnedLines(workspace).newest(key, 1)
    assert newest is not None
    return newest.number, newest.before, newest.model


@pytest.fixture
def grown(workspace: Workspace, duck: DuckEngine) -> Workspace:
    """Six hundred customers, enough to learn from, and no run."""
    stock(workspace, duck, shop(600))
    return workspace


def test_a_first_run_that_looks_back_learns_the_same_lines(
    grown: Workspace, duck: DuckEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = opened(tmp_path_factory.mktemp("other"))
    stock(other, duck, shop(600))
    run_at(grown, duck, "2024-09-01")
    refresh(other, duck, at=AT)
    assert lines(grown) == lines(other)
    assert lines(grown)[1] == refresh(other, duck, at=AT).run.as_of


def test_rebuilding_changes_nothing_of_todays_tiers(grown: Workspace, duck: DuckEngine) -> None:
    before = rows(refresh(grown, duck, at=AT).run, duck)
    rebuild(grown, duck, at=AT + timedelta(days=1), start=date(2025, 4, 10))
    assert rows(grown.runs.all()[-1], duck).equals(before)
    assert lines(grown)[0] == 1


def test_clusters_are_learned_from_the_same_day_too(
    workspace: Workspace, duck: DuckEngine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = opened(tmp_path_factory.mktemp("other"))
    for target, day in ((workspace, "2024-09-01"), (other, "2025-06-01")):
        stock(target, duck, shop(40))
        publish(target, CLUSTER)
        run_at(target, duck, day)
    assert lines(workspace, "groups") == lines(other, "groups")


def test_what_could_not_be_learned_is_learned_as_soon_as_it_can(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, shop(30))
    early = run_at(workspace, duck, "2025-01-01").record["schemes"]["lifecycle"]["learning"]
    stock(workspace, duck, shop(600), AT + timedelta(days=1))
    run = run_at(workspace, duck, "2025-02-01", days=2)
    late = run.record["schemes"]["lifecycle"]["learning"]
    assert (early["number"], early["learned"], late["number"], late["why"]) == (0, False, 1, "enough")
    assert {"kind": "learning", "scheme": "lifecycle", "was": 0, "now": 1} in run.record["marks"]


def test_new_facts_alone_teach_nothing_new(grown: Workspace, duck: DuckEngine) -> None:
    refresh(grown, duck, at=AT)
    first = lines(grown)
    stock(grown, duck, shop(650, seed=8), AT + timedelta(days=1))
    refresh(grown, duck, at=AT + timedelta(days=1))
    assert lines(grown) == first


def test_a_learning_on_request_is_marked_and_the_same_again_is_none(grown: Workspace, duck: DuckEngine) -> None:
    refresh(grown, duck, at=AT)
    again = refresh(grown, duck, at=AT, learn=True)
    anew = refresh(grown, duck, at=AT, as_of="2025-07-01", learned_before="2025-03-01").run
    assert (again.new, lines(grown)[:2]) == (False, (2, datetime(2025, 3, 1, tzinfo=UTC)))
    assert anew.record["marks"] == [{"kind": "learning", "scheme": "lifecycle", "was": 1, "now": 2}]


@pytest.fixture(scope="module")
def alone(duck: DuckEngine, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """What each instant gives in a workspace of its own that has no other run."""
    by_day = {}
    for day in DAYS:
        workspace = opened(tmp_path_factory.mktemp("alone"))
        stock(workspace, duck, shop(25))
        by_day[day] = rows(run_at(workspace, duck, day), duck)
    return by_day


@examples(3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(["import", *DAYS, "rebuild"]))
def test_a_run_is_the_same_in_whatever_order_all_was_done(
    duck: DuckEngine, tmp_path_factory: pytest.TempPathFactory, alone: dict[str, pa.Table], order: list[str]
) -> None:
    workspace, facts = opened(tmp_path_factory.mktemp("order")), shop(25)
    stock(workspace, duck, facts[::2])
    for number, step in enumerate(order, 1):
        at = AT + timedelta(days=number)
        if step == "import":
            stock(workspace, duck, facts[1::2], at)
        elif step == "rebuild":
            rebuild(workspace, duck, at=at, start=date(2025, 2, 2), every="quarter")
        elif all(run.as_of.date().isoformat() <= step for run in workspace.runs.all()):
            refresh(workspace, duck, at=at, as_of=step)
    rebuild(workspace, duck, at=AT + timedelta(days=9), start=date(2025, 1, 10), every="month")
    by_day = {run.as_of.date().isoformat(): rows(run, duck) for run in workspace.runs.all()}
    assert {day: by_day[day].equals(alone[day]) for day in DAYS} == dict.fromkeys(DAYS, True)


def test_frozen_lines_stay_where_they_were_drawn(workspace: Workspace, duck: DuckEngine) -> None:
    tiers = [{"key": "top", "share": "20%"}, {"key": "rest"}]
    frozen = {"key": "best", "kind": "quantile", "trait": "spend", "tiers": tiers, "frozen": True}
    stock(workspace, duck, shop(30))
    publish(workspace, frozen)
    drawn = run_at(workspace, duck, "2025-05-01").record["schemes"]["best"]
    stock(workspace, duck, [order(f"rich{number}", "2025-05-02", 9999) for number in range(30)], AT + timedelta(days=1))
    later = run_at(workspace, duck, "2025-06-01", days=2)
    anew = run_at(workspace, duck, "2025-06-01", days=3, learn=True).record["schemes"]["best"]
    reused = later.record["schemes"]["best"]
    assert (reused["ladder"] == drawn["ladder"], later.record["tiers"]["best"][-1]["customers"]) == (True, 30 + 6)
    assert (anew["ladder"] == drawn["ladder"], anew["learning"]["number"]) == (False, 2)
