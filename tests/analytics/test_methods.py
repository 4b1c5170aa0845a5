"""Each method by its public name, on a case worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import ibis.expr.datatypes as dt
import polars as pl
import pytest

import custrata as cs
from custrata.analytics.ladder_schemes import TooFewDiscounted
from custrata.analytics.loyalty import advocacy
from custrata.analytics.moments import AsOf
from custrata.analytics.silence import SilenceCurve, Stratum
from custrata.analytics.sources import canonical_feedback
from custrata.analytics.traits import profile_of
from tests.analytics.conftest import by_customer

AS_OF = "2025-01-31"


def orders(**days: str) -> pl.DataFrame:
    """Orders worth 10.00 on days such as `"11-20 12-05 01-25"`: November and December of 2024, January of 2025."""
    rows = [(name, f"{'2025' if day < '11' else '2024'}-{day}") for name, many in days.items() for day in many.split()]
    frame = pl.DataFrame(rows, {"customer_id": pl.String, "ordered_at": pl.String}, orient="row")
    return frame.with_row_index("order_id").with_columns(amount=pl.lit(10))


def sales(**amounts: str) -> pl.DataFrame:
    """One order on New Year's Day for each amount of a customer."""
    frame = orders(**{name: " ".join(["01-01"] * len(many.split())) for name, many in amounts.items()})
    return frame.with_columns(amount=pl.Series([Decimal(a) for many in amounts.values() for a in many.split()]))


def test_frequency_by_its_definition() -> None:
    """Top 20 %, next 30 %: of five the first, then those nearer to 2.5: up to rank ⌈2.5⌉ = 3 there would be four."""
    graded = cs.frequency(sales(a="1 1 1 1", b="1 1 1", c="1 1", d="1 1", e="1"), as_of=AS_OF)
    assert by_customer(graded, "tier", "value") == {
        "a": ("high", 4), "b": ("mid", 3), "c": ("low", 2), "d": ("low", 2), "e": ("low", 1),
    }  # fmt: skip


def test_value_is_the_vital_few() -> None:
    """Juran 1951: the fewest customers that hold 80 % are A, up to 95 % B."""
    graded = cs.value(sales(a="40 30", b="10", c="10", d="6", e="4"), as_of=AS_OF)
    assert by_customer(graded, "tier") == {"a": "high", "b": "high", "c": "high", "d": "mid", "e": "low"}


def test_a_refund_of_a_cent_drops_below_the_line_of_80_percent() -> None:
    refunded = sales(a="80", b="15", c="5").with_columns(refund=pl.Series([Decimal("0.01"), Decimal(0), Decimal(0)]))
    assert by_customer(cs.value(refunded, as_of=AS_OF), "tier", "value") == {
        "a": ("high", Decimal("79.99")), "b": ("high", Decimal("15.00")), "c": ("mid", Decimal("5.00")),
    }  # fmt: skip


def test_high_ticket_by_its_definition() -> None:
    graded = cs.high_ticket(sales(a="90 10.01", b="50 50", c="500"), as_of=AS_OF)
    assert by_customer(graded, "tier", "value") == {
        "a": ("high", Decimal("50.005")), "b": ("standard", Decimal("50.00")), "c": ("standard", None),
    }  # fmt: skip


def test_price_sensitivity_by_its_definition() -> None:
    """Discount ÷ (net + discount) of whoever ordered twice and had one, so that a half-price buyer has 0.5."""
    order_rows = sales(a="50 0", b="90 90", c="100 100", d="7", e="9 9").with_columns(
        discount=pl.Series([50.0, 0.0, 20.0, 0.0, 1.0, None, 7.0, 0.0, 0.0])
    )
    graded = cs.price_sensitivity(order_rows, as_of=AS_OF, least_customers=3)
    assert by_customer(graded, "tier") == {"a": "high", "b": "mid", "c": "low", "d": "low", "e": "low"}
    assert by_customer(graded, "value")["a"] == Decimal("0.5000")


def test_price_sensitivity_is_refused_where_too_few_had_a_discount() -> None:
    with pytest.raises(TooFewDiscounted, match="There are 0, and at least 30 are required"):
        cs.price_sensitivity(sales(a="50 50"), as_of=AS_OF)


def test_usage_cycle_by_its_definition() -> None:
    """Ehrenberg 1972, times between purchases: the lower median of 7 and 30 is 7."""
    graded = cs.usage_cycle(orders(a="01-01 01-08 12-02", b="11-01 12-01 12-31", c="01-01 01-02"), as_of=AS_OF)
    assert by_customer(graded, "tier", "value") == {"a": ("short", 7), "b": ("mid", 30), "c": ("unknown", None)}


DICK_AND_BASU = orders(ann="11-20 12-05 01-25", ben="12-01 12-11 12-21 12-31 01-10 01-20")
CATEGORIES = pl.DataFrame({"order_id": [0, 1], "category": ["food", "kitchen"]})
ANSWER = pl.DataFrame({"customer_id": ["ann"], "given_at": ["2025-01-26"], "kind": ["nps"], "score": [9]})


def test_loyalty_of_the_method_page() -> None:
    """Periods of 2 × 10 days, three of four with an order: 30 + 16⅔ + 15 · 72 ÷ 730 + 4 + 10, compared unrounded."""
    graded = cs.loyalty(DICK_AND_BASU, as_of=AS_OF, lines=CATEGORIES, feedback=ANSWER)
    parts = ("value", "regularity", "repeat", "tenure", "breadth", "advocacy")
    assert by_customer(graded, "tier", *parts)["ann"] == (
        "potential", *(Decimal(part) for part in ("62.146118721461", "30.00", "16.67", "1.48", "4.00", "10.00")),
    )  # fmt: skip


def test_loyalty_spreads_the_weight_of_what_is_not_known() -> None:
    """52.15 of 90 points are 57.94 of 100; without categories 48.15 of 80 are 60.18."""
    unanswered = cs.loyalty(DICK_AND_BASU, as_of=AS_OF, lines=CATEGORIES)
    bare = cs.loyalty(DICK_AND_BASU, as_of=AS_OF)
    assert by_customer(unanswered, "value", "advocacy")["ann"] == (Decimal("57.940131912735"), None)
    assert by_customer(bare, "value", "breadth")["ann"] == (Decimal("60.182648401826"), None)


def test_only_promoters_advocate() -> None:
    """Reichheld 2003: 9 and 10 promote, 7 and 8 are passive. Of several answers the newest known counts."""
    rows = [(str(score), "2025-01-20", "nps", score) for score in range(11)]
    rows += [("changed", "2025-01-20", "nps", 10), ("changed", "2025-01-21", "nps", 0), ("changed", AS_OF, "nps", 10)]
    rows += [("both", "2025-01-20", "nps", 9), ("both", "2025-01-20", "nps", 8), ("other", "2025-01-20", "csat", 9)]
    answers = pl.DataFrame(rows, ["customer_id", "given_at", "kind", "score"], orient="row")
    scores = by_customer(advocacy(canonical_feedback(answers, "UTC"), AsOf.of(AS_OF, "UTC")), "advocacy")
    passive = {"7": Decimal("0.5"), "8": Decimal("0.5"), "both": Decimal("0.5")}
    assert scores == dict.fromkeys("0123456", 0) | passive | {"9": 1, "10": 1, "changed": 0}


def test_combined_of_the_method_page() -> None:
    """Without payments and returns 45 of 80 points go to the rank: 56.25 for the first, 37.50 for two of three."""
    graded = cs.combined(sales(ann="50 30", ben="20", cem="20"), as_of=AS_OF)
    assert by_customer(graded, "spend", "credit") == {
        "ann": (Decimal("56.25"), None), "ben": (Decimal("37.50"), None), "cem": (Decimal("37.50"), None),
    }  # fmt: skip


def test_combined_takes_returns_off_the_credit() -> None:
    """A tenth of 100.00 came back: credit 100 − 40 ÷ 10 = 96, of which 20 %."""
    returned = sales(ann="100", ben="20").with_columns(refund=pl.Series([Decimal(10), Decimal(0)]))
    graded = cs.combined(returned, as_of=AS_OF)
    assert by_customer(graded, "credit") == {"ann": Decimal("19.20"), "ben": Decimal("20.00")}


def test_lifecycle_of_the_method_page() -> None:
    """51 days of silence are 2.55 rhythms of 20; at the learned line 2.55 that is churned, at 2.56 not."""
    order_rows = orders(ann="01-20", ben="11-01 11-21 12-11")
    assert by_customer(cs.lifecycle(order_rows, as_of=AS_OF), "tier", "value") == {
        "ann": ("new", Decimal("0.55")), "ben": ("growing", Decimal("2.55")),
    }  # fmt: skip
    for line, stage in (("2.55", "churned"), ("2.56", "at_risk")):
        curve = SilenceCurve((Stratum(1, None, Fraction(1), Fraction(line)),), learned=True)
        assert by_customer(cs.lifecycle(order_rows, as_of=AS_OF, curve=curve), "tier")["ben"] == stage


def test_silence_is_measured_against_the_shrunk_rhythm() -> None:
    """(n · own + 5 · population) ÷ (n + 5): two gaps of 4 and the population's 10, so (8 + 50) ÷ 7 = 8.29."""
    order_rows = orders(a="01-01 01-05 01-09", b="11-01 11-11 11-21 12-01", c="01-01 01-11 01-30")
    profile = profile_of(order_rows, as_of=AS_OF, families=frozenset({"rhythm"}))
    traits = by_customer(profile, "rhythm_days", "silence", "last_gap_silence")
    assert traits["a"] == (Decimal("8.29"), Decimal("2.655172413793"), Decimal("0.482758620689"))


def test_traits_of_the_method_page() -> None:
    """Two orders of 11 December are one order day; what came back by name is off its order, the rest off spend."""
    order_rows = orders(ann="12-01 12-11 12-11 01-05 01-15 01-20").with_columns(
        amount=pl.Series([30, 50, 20, 100, 60, -5]), refund=pl.Series([0, 0, 0, 100, 10, 0])
    )
    expected: dict[str, Any] = {
        "orders": 4, "sales": Decimal("150.00"), "spend": Decimal("145.00"), "average_order_value": Decimal("36.25"),
        "tenure_days": 61, "recency_days": 16, "order_days": 3, "median_gap_days": 10, "longest_gap_days": 35,
        "returned_value": Decimal("115.00"), "return_rate": Decimal("0.4423076923077"),
        "largest_order": Decimal("50.00"),
    }  # fmt: skip
    assert by_customer(cs.traits(order_rows, as_of=AS_OF), *expected) == {"ann": tuple(expected.values())}


def test_a_day_that_came_back_is_one_order_day() -> None:
    """In St. John's the first minute of 7 November 2010 came before the last hour of the 6th."""
    times = ["2010-11-07T02:30:30Z", "2010-11-07T03:00:00Z", "2010-11-12T12:00:00Z"]
    order_rows = pl.DataFrame({"customer_id": "a", "order_id": times, "ordered_at": times, "amount": [1, 2, 3]})
    profile = profile_of(order_rows, as_of="2010-12-01", zone="America/St_Johns", families=frozenset({"rhythm"}))
    assert by_customer(profile, "order_days", "median_gap_days", "longest_gap_days") == {"a": (3, 1, 5)}


def test_the_profile_has_the_columns_of_the_catalogue_in_their_types() -> None:
    profile = cs.traits(sales(a="1"), as_of=AS_OF)
    types = {name: profile[name].type().copy(nullable=True) for name in profile.columns if name != "customer_id"}
    assert types == {trait.key: dt.dtype(trait.type) for trait in cs.CATALOGUE.values()}


def test_fewer_families_leave_traits_out_and_change_none() -> None:
    order_rows = orders(a="12-01 12-11 12-11 01-05", b="11-01 01-20").with_columns(discount=pl.lit(1))
    whole = cs.traits(order_rows, as_of=AS_OF)
    for families in ({"price"}, {"rhythm"}):
        part = profile_of(order_rows, as_of=AS_OF, families=frozenset(families))
        columns = [name for name in part.columns if name != "customer_id"]
        assert set(columns) < set(whole.columns)
        assert by_customer(part, *columns) == by_customer(whole, *columns)
