"""A weighted score: each way to bring a trait to 0–1 by hand, weights that pass on, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.analytics import score
from custrata.analytics.grading import Grading
from custrata.analytics.score import Factor, grade_score
from custrata.engine import DuckEngine, Engine
from tests.analytics.conftest import MakeProfile, by_customer, profile_table
from tests.examples import examples

TIERS = ("good", "fair", "poor")
LINES = (Decimal(60), Decimal(30))
FLOATS = {"mood": pa.float64(), "member": pa.bool_()}


def on(engine: Engine, trait: str, *values: Any) -> ir.Table:
    """A profile of one trait, customers by number."""
    return engine.from_arrow(profile_table({str(n): {trait: value} for n, value in enumerate(values)}, **FLOATS))


def points(profile: ir.Table, factor: Factor) -> list[Any]:
    """The score of that one factor, in the order of the customers."""
    scores = by_customer(grade_score(profile, {"it": factor}, TIERS, LINES).table(), "value")
    return [None if scores[name] is None else str(cents(scores[name])) for name in sorted(scores)]


def cents(value: Decimal) -> Decimal:
    """A score as it is shown."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_between_two_lines_a_trait_counts_in_part(engine: Engine) -> None:
    """(x − 10) ÷ (30 − 10): 10 is nothing, 25 three quarters, beyond 30 no more than all of it."""
    profile = on(engine, "recency_days", 9, 10, 11, 25, 30, 31, None)
    assert points(profile, Factor("recency_days", 1, low=10, high=30)) == [
        "0.00", "0.00", "5.00", "75.00", "100.00", "100.00", None,
    ]  # fmt: skip
    less = points(profile, Factor("recency_days", 1, "less", low=10, high=30))
    assert less == ["100.00", "100.00", "95.00", "25.00", "0.00", "0.00", None]


def test_bounds_finer_than_the_trait_are_not_rounded(engine: Engine) -> None:
    profile = on(engine, "largest_order", "0.01", "1.00", "99999999999.99")
    assert points(profile, Factor("largest_order", 1, low=Decimal("0.005"), high=Decimal("2.005"))) == [
        "0.25", "49.75", "100.00",
    ]  # fmt: skip


def test_equal_values_share_the_higher_rank(engine: Engine) -> None:
    """Of four, 20 is as good as or better than three quarters; both 20s are."""
    profile = on(engine, "recency_days", 10, 20, 20, 40, None)
    assert points(profile, Factor("recency_days", 1, normaliser="rank")) == ["25.00", "75.00", "75.00", "100.00", None]
    less = points(profile, Factor("recency_days", 1, "less", normaliser="rank"))
    assert less == ["100.00", "75.00", "75.00", "25.00", None]


def test_the_extremes_are_cut_off_before_the_range_is_taken(engine: Engine) -> None:
    """Of ten, the share 0.1 from below is rank 1 and 0.9 rank 9: from 1 to 9, and the outlier counts as 9."""
    profile = on(engine, "recency_days", 1, 2, 3, 4, 5, 6, 7, 8, 9, 1000)
    cut = Factor("recency_days", 1, normaliser="min_max", winsor=Decimal("0.1"))
    assert points(profile, cut) == [
        "0.00", "12.50", "25.00", "37.50", "50.00", "62.50", "75.00", "87.50", "100.00", "100.00",
    ]  # fmt: skip
    whole = points(profile, replace(cut, winsor=Decimal(0)))
    assert (whole[0], whole[8], whole[9]) == ("0.00", "0.80", "100.00")


def test_a_standard_score_of_nought_is_the_middle(engine: Engine) -> None:
    """2, 4, 4, 4, 5, 5, 7, 9 have mean 5 and standard deviation 2: 9 is 2 deviations up, (2 + 3) ÷ 6."""
    profile = on(engine, "recency_days", 2, 4, 4, 4, 5, 5, 7, 9, None)
    scores = points(profile, Factor("recency_days", 1, normaliser="z"))
    assert scores == ["25.00", "41.67", "41.67", "41.67", "50.00", "50.00", "66.67", "83.33", None]


def test_beyond_three_deviations_a_standard_score_counts_no_more(engine: Engine) -> None:
    profile = on(engine, "largest_order", *["1.00"] * 98, "1.01", "5000000000.00")
    assert points(profile, Factor("largest_order", 1, normaliser="z"))[-1] == "100.00"


@pytest.mark.parametrize("normaliser", ["min_max", "z"])
def test_where_all_are_alike_everybody_is_in_the_middle(engine: Engine, normaliser: Any) -> None:
    assert points(on(engine, "recency_days", 7, 7, None), Factor("recency_days", 1, normaliser=normaliser)) == [
        "50.00", "50.00", None,
    ]  # fmt: skip


def test_floats_and_yes_and_no_count_too(engine: Engine) -> None:
    assert points(on(engine, "mood", 0.25, 2.0, float("nan")), Factor("mood", 1)) == ["25.00", "100.00", None]
    assert points(on(engine, "member", True, False, None), Factor("member", 1)) == ["100.00", "0.00", None]


TWO = {"often": Factor("orders", 3, high=10), "lately": Factor("recency_days", 1, "less", high=100)}


def scored(profile: ir.Table, **more: Any) -> Grading:
    return grade_score(profile, TWO, TIERS, LINES, **more)


def test_the_tier_is_the_first_line_the_score_meets(make_profile: MakeProfile) -> None:
    """0.75 × 10 × orders + 0.25 × (100 − days): 60.00 is good, 59.75 is fair."""
    profile = make_profile({
        "at": {"orders": 5, "recency_days": 10}, "under": {"orders": 5, "recency_days": 11},
        "over": {"orders": 5, "recency_days": 9}, "fair": {"orders": 1, "recency_days": 10},
        "poor": {"orders": 1, "recency_days": 11}, "unknown": {"orders": 8},
    })  # fmt: skip
    assert by_customer(scored(profile).table(), "tier", "value", "often", "lately") == {
        "at": ("good", Decimal("60.00"), Decimal("37.50"), Decimal("22.50")),
        "under": ("fair", Decimal("59.75"), Decimal("37.50"), Decimal("22.25")),
        "over": ("good", Decimal("60.25"), Decimal("37.50"), Decimal("22.75")),
        "fair": ("fair", Decimal("30.00"), Decimal("7.50"), Decimal("22.50")),
        "poor": ("poor", Decimal("29.75"), Decimal("7.50"), Decimal("22.25")),
        "unknown": ("good", Decimal("80.00"), Decimal("80.00"), None),
    }


def test_a_factor_nobody_has_gives_its_weight_to_the_others(make_profile: MakeProfile) -> None:
    for customers in ({"a": {"orders": 5}}, {"a": {"orders": 5, "recency_days": None}}):
        graded = scored(make_profile(customers))
        assert by_customer(graded.table(), "value", "lately") == {"a": (Decimal("50.00"), None)}
        assert graded.facts["missing"] == ["lately"]
        assert graded.notes == ("without_factors",)


def test_who_takes_no_part_has_no_score_and_is_compared_with_nobody(make_profile: MakeProfile) -> None:
    profile = make_profile({name: {"orders": n, "spend": 10 - n} for name, n in {"a": 2, "b": 1, "none": 0}.items()})
    ranked = {"spend": Factor("spend", 1, normaliser="rank")}
    graded = grade_score(profile, ranked, TIERS, LINES, has=profile.orders > 0)
    assert by_customer(graded.table(), "tier", "value") == {
        "a": ("fair", Decimal("50.00")), "b": ("good", Decimal("100.00")), "none": ("poor", None),
    }  # fmt: skip


def test_shares_of_customers_can_part_a_score(make_profile: MakeProfile) -> None:
    profile = make_profile({str(n): {"orders": n} for n in range(1, 6)})
    graded = grade_score(profile, TWO, TIERS, shares=[Fraction(1, 5), Fraction(3, 5)])
    assert by_customer(graded.table(), "tier") == {"5": "good", "4": "fair", "3": "fair", "2": "poor", "1": "poor"}


def test_says_between_what_each_factor_goes(duck: DuckEngine) -> None:
    profile = on(duck, "recency_days", 2, 4, 4, 4, 5, 5, 7, 9)
    graded = grade_score(profile, {"z": Factor("recency_days", 2, normaliser="z")}, TIERS, LINES)
    assert graded.facts["bounds"] == {"z": (Decimal("-1.000000"), Decimal("11.000000"))}
    assert graded.facts["weights"] == {"z": 2}


def test_nobody_is_scored_where_nobody_is(make_profile: MakeProfile) -> None:
    profile = make_profile({"a": {"orders": 1, "recency_days": 1}})
    for normaliser in ("lines", "rank", "min_max", "z"):
        factors = {name: replace(factor, normaliser=normaliser) for name, factor in TWO.items()}
        graded = grade_score(profile.filter(profile.orders > 1), factors, TIERS, LINES)
        assert by_customer(graded.table(), "tier") == {}
        assert graded.facts["missing"] == ["often", "lately"]


@pytest.mark.parametrize(
    ("factor", "error"),
    [
        (Factor("orders", 0), score.BadWeight),
        (Factor("orders", 1, normaliser="log"), score.UnknownNormaliser),  # type: ignore[arg-type]  # refused by name
        (Factor("orders", 1, "up"), score.UnknownDirection),  # type: ignore[arg-type]  # refused by name
        (Factor("orders", 1, low=3, high=3), score.BadBounds),
        (Factor("orders", 1, normaliser="min_max", winsor=Decimal("0.5")), score.BadWinsor),
    ],
)
def test_a_factor_that_makes_no_sense_is_refused(duck: DuckEngine, factor: Factor, error: type[Exception]) -> None:
    with pytest.raises(error, match="often"):
        grade_score(on(duck, "orders", 1), {"often": factor}, TIERS, LINES)


def test_a_score_needs_factors_and_one_way_to_part_it(duck: DuckEngine) -> None:
    profile = on(duck, "orders", 1)
    with pytest.raises(score.NoFactors):
        grade_score(profile, {}, TIERS, LINES)
    with pytest.raises(score.LinesOrShares):
        grade_score(profile, TWO, TIERS)
    with pytest.raises(score.LinesOrShares):
        grade_score(profile, TWO, TIERS, LINES, [Fraction(1, 2)])


customers = st.lists(st.tuples(st.integers(0, 20), st.one_of(st.none(), st.integers(0, 200))), min_size=1, max_size=20)


@given(rows=customers, normaliser=st.sampled_from(["lines", "rank", "min_max", "z"]))
@examples(12)
def test_a_score_is_from_0_to_100_equal_for_equals_and_in_any_order(
    duck: DuckEngine, rows: list[tuple[int, int | None]], normaliser: Any
) -> None:
    factors = {name: replace(factor, normaliser=normaliser) for name, factor in TWO.items()}
    named = [(str(n), {"orders": orders, "recency_days": days}) for n, (orders, days) in enumerate(rows)]
    there, back = (
        by_customer(grade_score(duck.from_arrow(profile_table(dict(way))), factors, TIERS, LINES).table(), "value")
        for way in (named, named[::-1])
    )
    assert there == back
    assert all(value is None or 0 <= value <= 100 for value in there.values())
    assert len({(row, there[str(n)]) for n, row in enumerate(rows)}) == len(set(rows))
