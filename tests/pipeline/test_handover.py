"""A new version at the instant of the published run: simulation, publishing and what follows agree, one by one."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from custrata.engine import DuckEngine
from custrata.lake import Run, Workspace
from custrata.pipeline import rebuild
from custrata.pipeline.drafts import graded_draft
from custrata.pipeline.verifying import verify
from custrata.tiering import define
from tests.examples import examples
from tests.pipeline.conftest import AT, opened, shop, stock
from tests.pipeline.lives import VIP, order, publish, run_at, tiers_of

HARDER: dict[str, Any] = {
    **VIP,
    "tiers": [
        {"key": "gold", "line": 2500, "keep": "90%", "valid": "1 month", "grace": "1 month", "drop_at_most": 1},
        {"key": "silver", "line": 1200, "grace_days": 10},
        {"key": "basic"},
    ],
}
SOFTER = {**VIP, "tiers": [{"key": "gold", "line": 500}, {"key": "silver", "line": 60}, {"key": "basic"}]}
EARLIER, NOW, LATER = "2025-01-01", "2025-02-01", "2025-02-02"


def simulated(workspace: Workspace, duck: DuckEngine, scheme: dict[str, Any]) -> dict[str, str]:
    """The tier that a simulation of a scheme over the published run gives every customer."""
    with graded_draft(workspace, define(scheme), duck) as draft:
        assert draft.result is not None
        return {row["customer_id"]: row["tier"] for row in duck.arrow(draft.result).to_pylist()}


def by_tier(workspace: Workspace, duck: DuckEngine, as_of: str, *, days: int) -> dict[str, str]:
    return tiers_of(run_at(workspace, duck, as_of, days=days), duck, "vip")


def shop_of_january(folder: Any, duck: DuckEngine) -> tuple[Workspace, Run]:
    """Sixty customers graded twice; a month ago more of them had bought enough."""
    workspace = opened(folder)
    stock(workspace, duck, shop(60))
    publish(workspace, VIP)
    run_at(workspace, duck, EARLIER)
    return workspace, run_at(workspace, duck, NOW, days=1)


@pytest.mark.parametrize("scheme", [HARDER, SOFTER], ids=["harder", "softer"])
def test_simulation_publishing_and_the_refresh_that_follows_agree(
    tmp_path: Any, duck: DuckEngine, scheme: dict[str, Any]
) -> None:
    workspace, run = shop_of_january(tmp_path, duck)
    before = tiers_of(run, duck, "vip")
    promised = simulated(workspace, duck, scheme)
    publish(workspace, scheme)
    assert by_tier(workspace, duck, NOW, days=2) == promised
    assert simulated(workspace, duck, scheme) == promised
    tomorrow = by_tier(workspace, duck, LATER, days=3)
    assert sum(tomorrow[who] != tier for who, tier in promised.items()) <= 1  # a window moves on by a day
    assert (promised != before) or scheme is HARDER


def test_published_and_graded_the_day_after_it_goes_on_from_the_same_tiers(tmp_path: Any, duck: DuckEngine) -> None:
    workspace, _ = shop_of_january(tmp_path, duck)
    promised = simulated(workspace, duck, HARDER)
    publish(workspace, HARDER)
    tomorrow = by_tier(workspace, duck, LATER, days=2)
    assert sum(tomorrow[who] != tier for who, tier in promised.items()) <= 1


def test_validity_that_the_replaced_run_promised_holds(workspace: Workspace, duck: DuckEngine) -> None:
    stock(workspace, duck, [order("a", "2025-01-05", 1000), order("b", "2025-01-06", 2600)])
    publish(workspace, VIP)
    run_at(workspace, duck, NOW)
    publish(workspace, HARDER)
    assert simulated(workspace, duck, HARDER) == {"a": "gold", "b": "gold"}
    assert by_tier(workspace, duck, NOW, days=1) == {"a": "gold", "b": "gold"}


def test_that_instant_graded_again_and_rebuilt_goes_on_from_the_same_tiers(tmp_path: Any, duck: DuckEngine) -> None:
    workspace, _ = shop_of_january(tmp_path, duck)
    publish(workspace, HARDER)
    promised = by_tier(workspace, duck, NOW, days=2)
    stock(workspace, duck, [order("new", "2025-01-31", 1)], at=AT + timedelta(days=3))
    again = run_at(workspace, duck, NOW, days=4)
    assert {who: tier for who, tier in tiers_of(again, duck, "vip").items() if who != "new"} == promised
    assert verify(workspace, duck, again.id).equal
    rebuild(workspace, duck, at=AT + timedelta(days=5), start=date(2025, 1, 31))
    (rebuilt,) = (run for run in workspace.runs.all() if run.as_of == again.as_of)
    assert tiers_of(rebuilt, duck, "vip") == {"new": "basic", **promised}


@given(seed=st.integers(0, 2**16))
@examples(4, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_version_agrees_with_its_simulation(tmp_path_factory: Any, duck: DuckEngine, seed: int) -> None:
    workspace, _ = shop_of_january(tmp_path_factory.mktemp("any"), duck)
    for days in (2, 3):
        scheme = any_version(Random(seed + days))
        promised = simulated(workspace, duck, scheme)
        publish(workspace, scheme)
        assert by_tier(workspace, duck, NOW, days=days) == promised
        assert simulated(workspace, duck, scheme) == promised


def any_version(chance: Random) -> dict[str, Any]:
    """The scheme with other lines and another life."""
    lines = sorted(chance.sample(range(100, 3000), 2), reverse=True)
    life = {"keep": chance.choice(["50%", "100%"]), "drop_at_most": chance.choice([1, 2])}
    terms = {"valid": chance.choice(["1 month", "1 year", "0 days"]), "grace": chance.choice(["1 month", "0 days"])}
    tiers = [{"key": key, "line": line, **life, **terms} for key, line in zip(("gold", "silver"), lines, strict=True)]
    reviews = ["each_run", "tier_anniversary", {"kind": "calendar", "dates": ["01-15"]}]
    return {**VIP, "tiers": [*tiers, {"key": "basic"}], "review": chance.choice(reviews)}
