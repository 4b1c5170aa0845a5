"""Lines through a population: discrete quantiles, ABC analysis, ties, and ladders as such."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics.ladders import Ladder, LadderStep, pareto_ladder, quantile_cut, quantile_ladder
from custrata.engine import DuckEngine, Engine
from custrata.engine.functions import Number, values_at_shares
from tests.examples import examples

TIERS = ("high", "mid", "low")
FIFTHS = (Fraction(1, 5), Fraction(1, 2))
ABC = (Decimal("0.8"), Decimal("0.95"))

cents = st.integers(-500, 5000).map(lambda number: Decimal(number).scaleb(-2))
populations = st.lists(st.one_of(st.none(), cents, st.sampled_from([Decimal("1.00"), Decimal("2.00")])), max_size=40)
shares = st.fractions(min_value=Fraction(1, 50), max_value=1, max_denominator=50)


def money_table(engine: Engine, values: list[Any]) -> ir.Table:
    return engine.from_arrow(
        pa.table({"value": pa.array([None if v is None else Decimal(v) for v in values], pa.decimal128(18, 2))})
    )


def tiers(engine: Engine, table: ir.Table, ladder: Ladder) -> list[tuple[Any, str]]:
    rows = engine.arrow(table.select("value", tier=ladder.tier(table.value))).to_pylist()
    return [(row["value"], row["tier"]) for row in rows]


# Each population with the lines that 20 % and 50 %, and 80 % and 95 % of the money, must draw.
QUANTILES: dict[str, tuple[list[Any], list[Any]]] = {
    "nobody": ([], []),
    "nobody with a value": ([None, None], []),
    "one": ([7], [7, 7]),
    "all equal, so nobody stands out": ([3] * 9, ["3.01", "3.01"]),
    "five": ([5, 4, 3, 2, 1], [5, 3]),
    "six, so rank two": ([6, 5, 4, 3, 2, 1], [5, 4]),
    "nulls stand outside": ([5, None, 4, None, 3, 2, 1], [5, 3]),
    "three are too many for one": ([9, 9, 9, 2, 1], ["9.01", 9]),
    "three are nearer to two than none": ([9, 9, 9, 7, 6, 5, 4, 3, 2, 1], [9, 6]),
    "three are as far from two as one": ([9, 8, 8, 7, 6, 5, 4, 3, 2, 1], [9, 6]),
    "negative": (["-0.01", "-0.02", "-5.00"], ["-0.01", "-0.02"]),
}
PARETO: dict[str, tuple[list[Any], list[Any]]] = {
    "nobody": ([], []),
    "nothing positive": ([0, -5, None], []),
    "one": ([7], [7, 7]),
    "all equal": ([10] * 10, [10, 10]),
    "at both lines": ([80, 15, 5], [80, 15]),
    "a cent under the first": (["79.99", "15.01", 5], ["15.01", "15.01"]),
    "a cent over the first, under the second": (["80.01", "14.98", "5.01"], ["80.01", "5.01"]),
    "ties share the better": ([40, 20, 20, 20], [20, 20]),
    "negative values hold nothing": ([80, 15, 5, -1000], [80, 15]),
}


@pytest.mark.parametrize(("method", "cases"), [(quantile_ladder, QUANTILES), (pareto_ladder, PARETO)])
def test_draws_the_lines(duck: DuckEngine, method: Any, cases: dict[str, tuple[list[Any], list[Any]]]) -> None:
    drawn = {name: method(money_table(duck, values), "value", TIERS, FIFTHS if method is quantile_ladder else ABC)
             for name, (values, _) in cases.items()}  # fmt: skip
    lines = {name: [step.line for step in ladder.steps] for name, ladder in drawn.items()}
    assert lines == {name: [Decimal(line) for line in expected] for name, (_, expected) in cases.items()}


def test_draws_the_same_lines_on_every_engine(engine: Engine) -> None:
    table = money_table(engine, [80, 15, 5, 5, "0.01", 0, -3, None])
    assert quantile_ladder(table, "value", TIERS, FIFTHS).steps == (LadderStep("high", 15), LadderStep("mid", 5))
    assert pareto_ladder(table, "value", TIERS, ABC).steps == (LadderStep("high", 15), LadderStep("mid", 5))


def test_a_value_meets_a_line_it_stands_at(engine: Engine) -> None:
    ladder = Ladder((LadderStep("high", Decimal("10.00")), LadderStep("mid", 5)), "low")
    table = money_table(engine, ["10.01", "10.00", "9.99", "5.00", "4.99", 0, -1, None])
    assert [tier for _, tier in sorted(tiers(engine, table, ladder), key=lambda row: row[0] or -99, reverse=True)] == [
        "high", "high", "mid", "mid", "low", "low", "low", "low",
    ]  # fmt: skip


def test_less_can_be_better(duck: DuckEngine) -> None:
    table = duck.from_arrow(pa.table({"value": pa.array([1, 2, 3, 4, 5, 6, None], pa.int32())}))
    ladder = quantile_ladder(
        table, "value", ("short", "long", "unknown"), (Fraction(1, 3), Fraction(1)), less_is_better=True
    )
    assert tiers(duck, table, ladder) == [
        (1, "short"), (2, "short"), (3, "long"), (4, "long"), (5, "long"), (6, "long"), (None, "unknown"),
    ]  # fmt: skip


def test_a_ladder_without_steps_has_only_its_lowest_tier(duck: DuckEngine) -> None:
    assert tiers(duck, money_table(duck, [1, None]), Ladder((), "low")) == [(Decimal("1.00"), "low"), (None, "low")]


@pytest.mark.parametrize(("line", "first"), [("2.5", 3), ("2", 2), ("2.0", 2), ("1E+1", 10)])
def test_a_line_between_two_whole_values_is_not_rounded(duck: DuckEngine, line: str, first: int) -> None:
    table = duck.from_arrow(pa.table({"value": pa.array(range(12), pa.int32())}))
    graded = tiers(duck, table, Ladder((LadderStep("in", Decimal(line)),), "out"))
    assert min(value for value, tier in graded if tier == "in") == first


def test_the_next_step_of_tied_lines_is_the_one_that_is_reached() -> None:
    ladder = Ladder((LadderStep("gold", 100), LadderStep("silver", 50), LadderStep("bronze", 50)), "none")
    assert [ladder.next_step(tier) for tier in ("none", "bronze", "silver", "gold")] == [
        LadderStep("silver", 50), LadderStep("silver", 50), LadderStep("gold", 100), None,
    ]  # fmt: skip


def test_the_own_step_of_a_tier_is_its_line() -> None:
    ladder = Ladder((LadderStep("gold", 100),), "none")
    assert (ladder.own_step("gold"), ladder.own_step("none")) == (LadderStep("gold", 100), None)


@given(values=populations, probabilities=st.lists(shares, min_size=1, max_size=3))
@examples(25)
def test_a_discrete_quantile_is_the_sorted_value_at_its_rank(
    duck: DuckEngine, values: list[Decimal | None], probabilities: list[Fraction]
) -> None:
    present = sorted(value for value in values if value is not None)
    expected: list[Number | None] = [
        present[ceil(share * len(present)) - 1] if present else None for share in probabilities
    ]
    assert values_at_shares(money_table(duck, values), ["value"], probabilities)["value"] == expected


def nearest(present: list[Decimal], share: Fraction) -> list[Decimal]:
    """Of the best-first values those a share takes in: with all their equals, or without them where that is nearer."""
    if not present:
        return []
    at = present[ceil(share * len(present)) - 1]
    wide, strict = [v for v in present if v >= at], [v for v in present if v > at]
    straddled, target = len(wide) > ceil(share * len(present)), share * len(present)
    return strict if straddled and target - len(strict) <= len(wide) - target else wide


@given(values=populations, low=shares, high=shares)
@examples(25)
def test_a_quantile_tier_holds_its_share_or_what_equal_values_leave_nearest_to_it(
    duck: DuckEngine, values: list[Decimal | None], low: Fraction, high: Fraction
) -> None:
    table, cumulated = money_table(duck, values), sorted((low, high))
    graded = tiers(duck, table, quantile_ladder(table, "value", TIERS, cumulated))
    present = sorted((value for value in values if value is not None), reverse=True)
    for number, share in enumerate(cumulated):
        inside = [value for value, tier in graded if value is not None and TIERS.index(tier) <= number]
        assert sorted(inside, reverse=True) == nearest(present, share)


def test_where_all_are_alike_nobody_stands_out(engine: Engine) -> None:
    cut = quantile_cut(money_table(engine, ["99.00"] * 20), "value", ("high", "standard"), [Decimal("0.1")])
    assert cut.ladder.steps == (LadderStep("high", Decimal("99.01")),)
    assert [(tier.tier, tier.customers) for tier in cut.missed] == [("high", 0)]


def test_no_tier_above_the_last_asks_for_less_than_the_least(engine: Engine) -> None:
    table = engine.from_arrow(pa.table({"value": pa.array([3, *[1] * 9], pa.int32())}))
    cut = quantile_cut(table, "value", TIERS, [Fraction(1, 5), Fraction(9, 10)], at_least=2)
    assert [step.line for step in cut.ladder.steps] == [3, 2]
    assert [tier.customers for tier in cut.tiers] == [1, 0, 9]


def test_at_most_is_the_least_where_less_is_better(duck: DuckEngine) -> None:
    table = duck.from_arrow(pa.table({"value": pa.array([9, 8, 7, 1], pa.int32())}))
    cut = quantile_cut(table, "value", TIERS, [Fraction(1, 4), Fraction(3, 4)], less_is_better=True, at_least=7)
    assert [step.line for step in cut.ladder.steps] == [1, 7]


@given(values=populations)
@examples(25)
def test_the_best_tiers_of_an_abc_analysis_are_the_fewest_that_hold_their_share(
    duck: DuckEngine, values: list[Decimal | None]
) -> None:
    table = money_table(duck, values)
    graded = tiers(duck, table, pareto_ladder(table, "value", TIERS, ABC))
    total = sum(value for value in values if value is not None and value > 0)
    for number, share in enumerate(ABC):
        inside = [value for value, tier in graded if value is not None and TIERS.index(tier) <= number]
        assert sum(inside) >= share * total
        assert not inside or sum(value for value in inside if value > min(inside)) < share * total


@given(values=populations, lines=st.lists(cents, min_size=2, max_size=2))
@examples(25)
def test_everybody_has_one_tier_equals_share_it_and_more_is_never_worse(
    duck: DuckEngine, values: list[Decimal | None], lines: list[Decimal]
) -> None:
    ladder = Ladder((LadderStep("high", max(lines)), LadderStep("mid", min(lines))), "low")
    graded = tiers(duck, money_table(duck, values), ladder)
    places = sorted((value, -TIERS.index(tier)) for value, tier in graded if value is not None)
    assert len(graded) == len(values)
    assert [place for _, place in places] == sorted(place for _, place in places)
    assert len(dict(places)) == len(set(places))
    assert all(tier == "low" for value, tier in graded if value is None)


@given(lines=st.lists(cents, min_size=1, max_size=4), less=st.booleans(), value=cents)
@examples(25)
def test_whoever_reaches_the_next_step_is_there(lines: list[Decimal], less: bool, value: Decimal) -> None:
    ordered = sorted(lines, reverse=not less)
    ladder = Ladder(tuple(LadderStep(f"t{number}", line) for number, line in enumerate(ordered)), "none", less)
    column = ibis.memtable({"value": [value]}, schema=ibis.schema({"value": "decimal(18, 2)"})).value
    own = str(ladder.tier(column).execute()[0])
    above = ladder.next_step(own)
    reached = ibis.memtable(
        {"value": [above.line if above else value]}, schema=ibis.schema({"value": "decimal(18, 2)"})
    )
    assert ladder.tier(reached.value).execute()[0] == (above.tier if above else own)
