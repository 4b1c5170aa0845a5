"""RFM: the worked example of the method page on both engines, and each method of cutting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import custrata as cs
from custrata.analytics.rfm import (
    LABEL_GRID,
    BadRfmBins,
    BadRfmMethod,
    LinesMissing,
    RfmLinesOutOfOrder,
    RfmLinesUneven,
    UnknownReference,
    grade_rfm,
)
from custrata.engine import DuckEngine, Engine
from tests.analytics.conftest import MakeProfile, by_customer, orders_table, profile_table

AS_OF = "2025-01-31"
# Five customers: A 1 order 10.00, B and C 2 orders 20.00, D 4 orders 80.00, E 5 orders 100.00.
EXAMPLE = [
    ("A", "2025-01-30", 10),
    *[("B", "2025-01-21", 10)] * 2,
    *[("C", "2025-01-11", 10)] * 2,
    *[("D", "2025-01-01", 20)] * 4,
    *[("E", "2024-12-22", 20)] * 5,
]
NAMES = ("customer_id", "ordered_at", "amount")


def orders_of(engine: Engine, *rows: tuple[Any, ...]) -> Any:
    return engine.from_arrow(orders_table([dict(zip(NAMES, row, strict=True)) for row in rows]))


def profile(**customers: tuple[int, int, Any]) -> dict[str, dict[str, Any]]:
    """Customers as recency in days, orders, spend."""
    return {name: {"recency_days": r, "orders": f, "spend": m} for name, (r, f, m) in customers.items()}


@pytest.fixture(scope="module")
def worked(engine: Engine) -> Any:
    """The worked example, scored once on each engine."""
    return engine.arrow(cs.rfm(orders_of(engine, *EXAMPLE), as_of=AS_OF, window=None)).to_pylist()


def test_scores_the_worked_example(worked: Any) -> None:
    assert {row["customer_id"]: (row["r_score"], row["f_score"], row["m_score"]) for row in worked} == {
        "A": (5, 1, 1), "B": (4, 2, 2), "C": (3, 2, 2), "D": (2, 4, 4), "E": (1, 5, 5),
    }  # fmt: skip


def test_groups_by_the_mean_of_the_values_and_labels_by_the_grid(worked: Any) -> None:
    # Means: 20.2 days, 2.8 orders, 46.00. X: 1, 2, 2, 4, 5. The grid has C about to sleep, and lifecycle calls it new.
    assert {row["customer_id"]: (row["tier"], row["label"]) for row in worked} == {
        "A": ("100", "new"), "B": ("100", "potential_loyalist"), "C": ("100", "new"),
        "D": ("011", "at_risk"), "E": ("011", "cant_lose"),
    }  # fmt: skip


def test_nests_frequency_in_recency_and_money_in_both(make_profile: MakeProfile) -> None:
    rows = make_profile(profile(a=(1, 1, 1), b=(1, 1, 2), c=(29, 1, 1), d=(29, 1, 2)) | {"none": {}})
    graded = grade_rfm(rows, method="nested", bins=2).table()
    assert by_customer(graded, "r_score", "f_score", "m_score") == {
        "a": (2, 1, 1), "b": (2, 1, 2), "c": (1, 1, 1), "d": (1, 1, 2), "none": (None, None, None),
    }  # fmt: skip


def test_all_equal_customers_score_the_same(duck: DuckEngine) -> None:
    graded = grade_rfm(duck.from_arrow(profile_table(profile(a=(30, 1, 5), b=(30, 1, 5), c=(30, 1, 5))))).table()
    assert by_customer(graded, "r_score", "f_score", "m_score", "tier") == dict.fromkeys("abc", (5, 1, 1, "111"))


@pytest.mark.parametrize(
    ("days", "scores"),
    [
        ([1, 1, 1, 1, 1], [5, 5, 5, 5, 5]),
        ([1, 1, 1, 2, 3], [5, 5, 5, 2, 1]),
        ([1, 2, 2, 2, 3], [5, 4, 4, 4, 1]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]),
    ],
)
def test_equal_days_share_the_better_score(make_profile: MakeProfile, days: list[int], scores: list[int]) -> None:
    """5 − the cuts at 20, 40, 60, 80 % of the days, ascending, that are strictly below."""
    rows = make_profile(profile(**{f"c{number}": (day, 1, 1) for number, day in enumerate(days)}))
    assert list(by_customer(grade_rfm(rows).table().order_by("customer_id"), "r_score").values()) == sorted(
        scores, reverse=True
    )


def test_no_label_contradicts_the_lifecycle(make_profile: MakeProfile) -> None:
    """The last of five has the lowest of all scores: lost, unless lifecycle calls it new or sees it in rhythm."""
    best = {f"c{number}": (number, 9, 9) for number in range(1, 5)}
    stages = {"new": "new", "mature": "low_recency", "growing": "low_recency", "at_risk": "lost", "churned": "lost"}
    for stage, label in stages.items():
        rows = {name: {**row, "lifecycle_tier": stage} for name, row in profile(last=(90, 1, 1), **best).items()}
        graded = grade_rfm(make_profile(rows, lifecycle_tier=pa.string())).table()
        assert by_customer(graded, "label")["last"] == label


def test_who_gave_everything_back_is_not_high_in_money(duck: DuckEngine) -> None:
    rows = [("a", "2025-01-01", 1000), ("a", "2025-01-02", 1000), ("a", "2025-01-03", -2000)]
    scores = by_customer(cs.rfm(orders_of(duck, *rows), as_of=AS_OF), "tier", "monetary", "label")
    assert scores == {"a": ("110", Decimal("0.00"), "new")}


def whale() -> dict[str, dict[str, Any]]:
    """One customer who spends a hundred times what 99 others do together."""
    spend = [1_000_000, *[500] * 49, *[50] * 50]
    return profile(**{f"c{number:02}": (1, 1, amount) for number, amount in enumerate(spend)})


def test_the_groups_can_be_parted_at_the_median(make_profile: MakeProfile) -> None:
    mean, median = (grade_rfm(make_profile(whale()), reference=by) for by in ("mean", "median"))
    counted = [list(by_customer(grading.table(), "tier").values()).count("111") for grading in (mean, median)]
    assert counted == [1, 100]
    assert ("whale" in mean.notes, "whale" in median.notes) == (True, False)


def test_the_median_is_the_lower_middle_one(duck: DuckEngine) -> None:
    rows = duck.from_arrow(profile_table(profile(a=(1, 1, 1), b=(2, 2, 2), c=(3, 3, 3), d=(4, 4, 4))))
    tiers = by_customer(grade_rfm(rows, reference="median").table(), "tier")
    assert tiers == {"a": "100", "b": "111", "c": "011", "d": "011"}


def test_a_customer_without_a_counted_order_is_in_the_last_group(duck: DuckEngine) -> None:
    graded = grade_rfm(duck.from_arrow(profile_table({**profile(a=(1, 1, 1)), "none": {"recency_days": 400}}))).table()
    assert by_customer(graded, "tier", "r_score", "label")["none"] == ("000", None, None)


@pytest.mark.parametrize(("amount", "score"), [("99.99", 1), ("100.00", 2), ("100.01", 2)])
def test_a_value_at_a_fixed_line_is_beyond_it(duck: DuckEngine, amount: str, score: int) -> None:
    lines: dict[str, list[int | Decimal]] = {"r": [30], "f": [2], "m": [Decimal("100.00")]}
    graded = cs.rfm(orders_of(duck, ("a", "2025-01-01", amount)), as_of=AS_OF, method="fixed", lines=lines)
    assert by_customer(graded, "r_score", "f_score", "m_score") == {"a": (2, 1, score)}


def test_log_bins_have_equal_widths_of_the_logarithm(duck: DuckEngine) -> None:
    rows = duck.from_arrow(profile_table(profile(a=(1, 1, "0.50"), b=(1, 1, 9), c=(1, 1, 99))))
    assert by_customer(grade_rfm(rows, method="log", bins=2).table(), "m_score") == {"a": 1, "b": 1, "c": 2}


def test_log_bins_count_less_than_nothing_as_nothing(duck: DuckEngine) -> None:
    rows = duck.from_arrow(profile_table(profile(a=(0, 1, 0), b=(0, 1, 99))))
    assert by_customer(grade_rfm(rows, method="log").table(), "m_score", "r_score") == {"a": (1, 5), "b": (5, 5)}


def test_an_empty_table_gives_an_empty_result(engine: Engine) -> None:
    assert cs.rfm(engine.from_arrow(orders_table([])), as_of=AS_OF).to_pyarrow().num_rows == 0


def test_refuses_an_unknown_method(duck: DuckEngine) -> None:
    with pytest.raises(BadRfmMethod, match="quantile, nested, fixed and log"):
        cs.rfm(orders_of(duck, *EXAMPLE), as_of=AS_OF, method="guess")  # type: ignore[arg-type]  # on purpose


def test_refuses_fixed_lines_that_lack_one(duck: DuckEngine) -> None:
    with pytest.raises(LinesMissing):
        cs.rfm(orders_of(duck, *EXAMPLE), as_of=AS_OF, method="fixed", lines={"r": [1]})


RISING = {"r": [30, 60], "f": [2, 3], "m": [10, 20]}


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ({"f": [10, 5]}, RfmLinesOutOfOrder),
        ({"f": [5, 5]}, RfmLinesOutOfOrder),
        ({"r": [60, 30]}, RfmLinesOutOfOrder),
        ({"m": []}, RfmLinesOutOfOrder),
        ({"m": [10, 20, 30]}, RfmLinesUneven),
    ],
)
def test_refuses_fixed_lines_that_make_no_scale(duck: DuckEngine, lines: Any, error: Any) -> None:
    with pytest.raises(error):
        cs.rfm(orders_of(duck, *EXAMPLE), as_of=AS_OF, method="fixed", lines={**RISING, **lines})


@pytest.mark.parametrize("bins", [1, 0, 101])
def test_refuses_bins_that_make_no_scale(duck: DuckEngine, bins: int) -> None:
    with pytest.raises(BadRfmBins):
        cs.rfm(orders_of(duck, *EXAMPLE), as_of=AS_OF, bins=bins)


def test_refuses_an_unknown_reference(duck: DuckEngine) -> None:
    with pytest.raises(UnknownReference):
        cs.rfm(orders_of(duck, *EXAMPLE), as_of=AS_OF, reference="mode")  # type: ignore[arg-type]  # on purpose


def test_the_grid_names_every_cell() -> None:
    assert [len(row) for row in LABEL_GRID.values()] == [5] * 5
    assert len({label for row in LABEL_GRID.values() for label in row}) == 11
