"""Trying a scheme out: it tells what the next refresh would really do, and leaves everything as it was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from custrata.engine import DuckEngine, Engine
from custrata.lake import Run, Workspace
from custrata.pipeline import refresh
from custrata.pipeline.decisions import Decisions
from custrata.pipeline.drafts import NotGradedYet
from custrata.pipeline.simulation import Simulation, distribution, preview, simulate
from custrata.tiering import Definition, SchemeLibrary, built_in, define
from custrata.tiering.checking import ColumnsTaken, UnknownTraits
from custrata.wording.writer import Writer
from tests.pipeline.conftest import AT, shop, whole_orders
from tests.pipeline.test_decisions import rows
from tests.tiering.drafts import vip

LIVED: list[dict[str, Any]] = [
    {"key": "diamond", "line": 900, "keep": "90%", "valid_days": 90, "cost": 100},
    {"key": "gold", "line": 300, "keep": "80%", "grace_days": 30, "drop_at_most": 1, "cost": "12.50"},
    {"key": "basic"},
]
LOWER = [{**LIVED[0], "line": 1500}, {**LIVED[1], "line": 700}, LIVED[2]]
QUANTILE = [{"key": "top", "share": "20%"}, {"key": "rest"}]
OFTEN = {"facts": "orders", "count": True, "window": 60, "is": ">=", "value": 2}
POINTS = [{"name": "lately", "when": OFTEN, "points": 10},
          {"when": {"scheme": "value", "tier": ["high"]}, "points": 5}]  # fmt: skip
CHANGED: dict[str, Definition] = {
    "value": define({**built_in()["value"].data(), "tiers": [{"key": "high", "share": "50%"},
                                                             {"key": "mid", "share": "90%"}, {"key": "low"}]}),
    "vip": vip(tiers=LOWER),
    "orders_90": define({"key": "orders_90", "kind": "quantile", "trait": "orders", "window": 90, "tiers": QUANTILE}),
    "often": define({"key": "often", "kind": "points", "rules": POINTS,
                     "tiers": [{"key": "a", "line": 10}, {"key": "b"}]}),
    "since": vip(key="since", tiers=LOWER, qualify="since_review", review={"kind": "calendar", "dates": ["03-01"]}),
    "groups": define({"key": "groups", "kind": "cluster", "traits": ["orders", "spend"], "clusters": 3}),
    "loyalty": built_in()["loyalty"],
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Path:
    """A shop, graded twice: for tests that only read."""
    folder = tmp_path_factory.mktemp("graded") / "shop"
    workspace = Workspace.create(folder, currency="USD", timezone="UTC", language="en")
    with workspace.lake.change(at=AT) as change:
        change.upsert("orders", whole_orders(duck, shop(80)), duck)
    SchemeLibrary(workspace).publish([vip(tiers=LIVED)], by="Li", at=AT)
    for day in ("2025-04-01T12:00", "2025-05-01T12:00"):
        refresh(workspace, duck, at=AT, as_of=day)
    return folder


@pytest.fixture
def workspace_graded(graded: Path) -> Workspace:
    """That shop."""
    return Workspace.open(graded)


def moved(simulation: Simulation) -> dict[tuple[str | None, str], tuple[int, Decimal]]:
    return {(move.source, move.target): (move.customers, move.revenue) for move in simulation.moves}


def recorded_moves(run: Run, key: str) -> dict[tuple[str | None, str], tuple[int, Decimal]]:
    moves: list[Mapping[str, Any]] = run.record["moves"][key]
    return {(move["source"], move["target"]): (move["customers"], Decimal(move["revenue"])) for move in moves}


def files(folder: Path) -> dict[str, int]:
    return {
        str(path): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != ".lease"
    }


def agrees(simulation: Simulation, run: Run, key: str) -> bool:
    """Whether a simulation has foretold the moves, the sizes and the lines of a run."""
    customers = sum(move.customers for move in simulation.moves)
    return (moved(simulation), customers, simulation.customers, simulation.record["ladder"]) == (
        recorded_moves(run, key), run.record["headline"]["customers"], customers, run.record["schemes"][key]["ladder"],
    )  # fmt: skip


@pytest.mark.parametrize("key", CHANGED)
def test_tells_what_the_next_refresh_does(graded: Path, tmp_path: Path, duck: DuckEngine, key: str) -> None:
    workspace = Workspace.open(Path(copytree(graded, tmp_path / "copy")))
    simulation = simulate(workspace, CHANGED[key], duck)
    SchemeLibrary(workspace).publish([CHANGED[key]], by="Li", at=AT)
    run = refresh(workspace, duck, at=AT, as_of=simulation.as_of + timedelta(microseconds=1)).run
    assert agrees(simulation, run, key)


@pytest.mark.parametrize("on_spark", [("vip", "often"), pytest.param(tuple(CHANGED), marks=pytest.mark.deep)])
def test_tells_what_schemes_published_together_do(
    graded: Path, tmp_path: Path, engine: Engine, on_spark: tuple[str, ...]
) -> None:
    workspace = Workspace.open(Path(copytree(graded, tmp_path / "copy")))
    keys = on_spark if engine.name == "spark" else tuple(CHANGED)
    others = {key: [other for other in CHANGED if other != key] for key in keys}
    simulations = {
        key: simulate(workspace, CHANGED[key], engine, other_definitions=[CHANGED[other] for other in others[key]])
        for key in keys
    }
    SchemeLibrary(workspace).publish(list(CHANGED.values()), by="Li", at=AT)
    later = simulations["vip"].as_of + timedelta(microseconds=1)
    run = refresh(workspace, engine, at=AT, as_of=later).run
    assert [key for key, simulation in simulations.items() if not agrees(simulation, run, key)] == []


def test_writes_nothing(workspace_graded: Workspace, duck: DuckEngine) -> None:
    before = files(workspace_graded.folder)
    for definition in CHANGED.values():
        simulate(workspace_graded, definition, duck)
        preview(workspace_graded, definition, duck)
        distribution(workspace_graded, definition, duck)
    assert files(workspace_graded.folder) == before


def test_a_published_scheme_moves_nobody(workspace_graded: Workspace, duck: DuckEngine) -> None:
    for key, version in SchemeLibrary(workspace_graded).published().items():
        simulation = simulate(workspace_graded, version.definition, duck)
        assert (key, simulation.moved, simulation.movers, simulation.version) == (key, 0, (), 1)


def test_tiers_add_up_and_tell_their_size_before(workspace_graded: Workspace, duck: DuckEngine) -> None:
    simulation = simulate(workspace_graded, CHANGED["value"], duck)
    assert [size.tier for size in simulation.tiers] == ["high", "mid", "low"]
    assert (
        sum(size.customers for size in simulation.tiers)
        == sum(size.before or 0 for size in simulation.tiers)
        == simulation.customers
    )
    assert sum(size.revenue_share or 0 for size in simulation.tiers) == pytest.approx(1, abs=Decimal("0.00001"))
    assert simulation.ladder is not None
    assert simulation.version == 2


def test_keep_lines_hold_who_fell_under_a_raised_line(workspace_graded: Workspace, duck: DuckEngine) -> None:
    simulation = simulate(workspace_graded, CHANGED["vip"], duck)
    by_value = dict(preview(workspace_graded, CHANGED["vip"], duck).tiers)
    assert {size.tier: size.customers for size in simulation.tiers} != by_value
    assert sum(by_value.values()) == simulation.customers


def test_the_yearly_cost_is_that_of_the_tiers_and_compared_with_todays(
    workspace_graded: Workspace, duck: DuckEngine
) -> None:
    simulation = simulate(workspace_graded, CHANGED["vip"], duck)
    diamond, gold, basic = simulation.tiers
    assert [diamond.cost, gold.cost] == [100 * diamond.customers, Decimal("12.50") * gold.customers]
    assert basic.cost is None
    assert simulation.cost == 100 * diamond.customers + Decimal("12.50") * gold.customers
    assert simulation.cost_before == 100 * (diamond.before or 0) + Decimal("12.50") * (gold.before or 0)
    assert simulate(workspace_graded, CHANGED["value"], duck).cost is None


def test_names_who_moves_with_a_reason_in_the_readers_language(workspace_graded: Workspace, duck: DuckEngine) -> None:
    writer = Writer("zh-hans", "USD", "UTC", "tiers")
    simulation = simulate(workspace_graded, CHANGED["value"], duck, writer=writer, movers=5)
    assert len(simulation.movers) == min(5, simulation.moved)
    first = simulation.movers[0]
    assert (first.source, first.target, first.direction) == ("high", "mid", "down")
    assert first.reason.startswith("近一年净消费")
    assert "高价值" in first.reason
    assert first.sentences[0].startswith("购买金额：中等价值")


def test_losers_go_down_and_the_dearest_is_first(workspace_graded: Workspace, duck: DuckEngine) -> None:
    losers = simulate(workspace_graded, CHANGED["value"], duck, movers=0).losers
    assert {mover.direction for mover in losers} == {"down"}
    spends = [mover.spend for mover in losers if mover.spend is not None]
    assert spends == sorted(spends, reverse=True)
    assert len(spends) == len(losers) <= 20


def test_what_people_decide_holds_in_a_simulation(workspace_graded: Workspace, duck: DuckEngine) -> None:
    value = built_in()["value"]
    low = simulate(workspace_graded, CHANGED["value"], duck).losers[0].customer_id
    put = rows("overrides", (low, "value", "low", "owes us", None, "Ann Lee", "exactly"))
    (mover,) = simulate(workspace_graded, value, duck, decisions=Decisions(overrides=put)).movers
    assert (mover.customer_id, mover.target, "owes us" in mover.reason) == (low, "low", True)


def test_a_new_scheme_has_no_before(workspace_graded: Workspace, duck: DuckEngine) -> None:
    simulation = simulate(workspace_graded, CHANGED["orders_90"], duck)
    assert {move.direction for move in simulation.moves} == {"entered"}
    assert (simulation.moved, simulation.movers, simulation.losers, {size.before for size in simulation.tiers}) == (
        0,
        (),
        (),
        {None},
    )


def test_a_scheme_that_lacks_its_data_waits_and_says_for_what(workspace_graded: Workspace, duck: DuckEngine) -> None:
    simulation = simulate(workspace_graded, built_in()["need"], duck)
    assert (simulation.waits, simulation.customers, simulation.missing, simulation.notes) == (
        True,
        0,
        ("feedback",),
        ("waiting_trait",),
    )
    assert preview(workspace_graded, built_in()["need"], duck).waits


def test_schemes_that_would_be_published_together_are_tried_out_together(
    workspace_graded: Workspace, duck: DuckEngine
) -> None:
    rules = [{"tier": "yes", "when": {"scheme": "value", "tier": ["high"]}}]
    reader = define({"key": "reader", "kind": "rules", "rules": rules, "tiers": [{"key": "yes"}, {"key": "no"}]})
    alone, together = (
        simulate(workspace_graded, reader, duck, other_definitions=drafts) for drafts in ((), (CHANGED["value"],))
    )
    alone_yes, together_yes = alone.tiers[0].customers, together.tiers[0].customers
    assert together_yes == simulate(workspace_graded, CHANGED["value"], duck).tiers[0].customers < alone_yes


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        (vip(trait="spent"), UnknownTraits),
        (vip(key="average_order"), ColumnsTaken),
        (define({**built_in()["potential"].data(), "among": {"scheme": "gone", "tier": ["a"]}}), UnknownTraits),
    ],
)
def test_what_could_not_be_published_is_refused(
    workspace_graded: Workspace, duck: DuckEngine, definition: Definition, error: type[Exception]
) -> None:
    for trial in (simulate, preview, distribution):
        with pytest.raises(error):
            trial(workspace_graded, definition, duck)


def test_before_the_first_refresh_nothing_can_be_tried_out(workspace: Workspace, duck: DuckEngine) -> None:
    with pytest.raises(NotGradedYet):
        simulate(workspace, vip(), duck)


@pytest.mark.parametrize("kind", ["threshold", "quantile", "pareto"])
def test_a_preview_counts_what_the_simulation_does(workspace_graded: Workspace, engine: Engine, kind: str) -> None:
    tiers = [{"key": "a", "line": 300}, {"key": "b"}] if kind == "threshold" else QUANTILE
    draft = define({"key": "draft", "kind": kind, "trait": "spend", "tiers": tiers})
    simulation, quick = simulate(workspace_graded, draft, engine), preview(workspace_graded, draft, engine)
    assert quick.tiers == tuple((size.tier, size.customers) for size in simulation.tiers)
    assert quick.ladder == simulation.ladder


def test_a_distribution_counts_every_value_and_carries_the_lines(workspace_graded: Workspace, engine: Engine) -> None:
    histogram = distribution(workspace_graded, CHANGED["value"], engine)
    assert (sum(histogram.counts), len(histogram.counts), len(histogram.edges), histogram.unit) == (
        histogram.customers,
        40,
        41,
        "money",
    )
    assert histogram.ladder is not None
    assert [step.tier for step in histogram.ladder.steps] == ["high", "mid"]
    assert histogram.edges[0] <= histogram.edges[-1] <= float(histogram.highest)


def test_whole_numbers_share_no_bin_by_halves(workspace_graded: Workspace, duck: DuckEngine) -> None:
    histogram = distribution(workspace_graded, "orders_30d", duck)
    assert all(edge == int(edge) for edge in histogram.edges)
    assert (histogram.ladder, sum(histogram.counts)) == (None, histogram.customers)


def test_a_distribution_of_no_values_is_empty(workspace_graded: Workspace, duck: DuckEngine) -> None:
    nobody = vip(key="nobody", among={"tag": "nobody has this"})
    assert distribution(workspace_graded, nobody, duck).counts == ()
    with pytest.raises(UnknownTraits):
        distribution(workspace_graded, "spent", duck)
