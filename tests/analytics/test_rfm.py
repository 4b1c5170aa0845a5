"""RFM: the worked example of the method page on both engines, and each method of cutting."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

import custrata as cs
from custrata.analytics.rfm import LABEL_GRID, BadRfmMethod, LinesMissing, grade_rfm
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


def given(engine: Engine, *rows: tuple[Any, ...]) -> Any:
    return engine.from_arrow(orders_table([dict(zip(NAMES, row, strict=True)) for row in rows]))


def profile(**customers: tuple[int, int, Any]) -> dict[str, dict[str, Any]]:
    """Customers as recency in days, orders, sales."""
    return {name: {"recency_days": r, "orders": f, "sales": m} for name, (r, f, m) in customers.items()}


@pytest.fixture(scope="module")
def worked(engine: Engine) -> Any:
    """The worked example, scored once on each engine."""
    return engine.arrow(cs.rfm(given(engine, *EXAMPLE), as_of=AS_OF, window=None)).to_pylist()


def test_scores_the_worked_example(worked: Any) -> None:
    assert {row["customer_id"]: (row["r_score"], row["f_score"], row["m_score"]) for row in worked} == {
        "A": (5, 1, 1), "B": (4, 2, 2), "C": (3, 2, 2), "D": (2, 4, 4), "E": (1, 5, 5),
    }  # fmt: skip


def test_groups_by_the_mean_of_the_values_and_labels_by_the_grid(worked: Any) -> None:
    # Means: 20.2 days, 2.8 orders, 46.00. X: 1, 2, 2, 4, 5.
    assert {row["customer_id"]: (row["tier"], row["label"]) for row in worked} == {
        "A": ("100", "new"), "B": ("100", "potential_loyalist"), "C": ("100", "about_to_sleep"),
        "D": ("011", "at_risk"), "E": ("011", "cant_lose"),
    }  # fmt: skip


def test_nests_frequency_in_recency_and_money_in_both(make_profile: MakeProfile) -> None:
    rows = make_profile(profile(a=(1, 1, 1), b=(1, 1, 2), c=(29, 1, 1), d=(29, 1, 2)) | {"none": {}})
    found = grade_rfm(rows, method="nested", bins=2).table()
    assert by_customer(found, "r_score", "f_score", "m_score") == {
        "a": (2, 1, 1), "b": (2, 1, 2), "c": (1, 1, 1), "d": (1, 1, 2), "none": (None, None, None),
    }  # fmt: skip


def test_all_equal_customers_score_the_same(duck: DuckEngine) -> None:
    found = grade_rfm(duck.from_arrow(profile_table(profile(a=(30, 1, 5), b=(30, 1, 5), c=(30, 1, 5))))).table()
    assert by_customer(found, "r_score", "f_score", "m_score", "tier") == dict.fromkeys("abc", (1, 1, 1, "111"))


def test_a_customer_without_a_counted_order_is_in_the_last_group(duck: DuckEngine) -> None:
    found = grade_rfm(duck.from_arrow(profile_table({**profile(a=(1, 1, 1)), "none": {"recency_days": 400}}))).table()
    assert by_customer(found, "tier", "r_score", "label")["none"] == ("000", None, None)


@pytest.mark.parametrize(("amount", "score"), [("99.99", 1), ("100.00", 2), ("100.01", 2)])
def test_a_value_at_a_fixed_line_is_beyond_it(duck: DuckEngine, amount: str, score: int) -> None:
    lines: dict[str, list[int | Decimal]] = {"r": [30], "f": [2], "m": [Decimal("100.00")]}
    found = cs.rfm(given(duck, ("a", "2025-01-01", amount)), as_of=AS_OF, method="fixed", lines=lines)
    assert by_customer(found, "r_score", "f_score", "m_score") == {"a": (2, 1, score)}


def test_log_bins_have_equal_widths_of_the_logarithm(duck: DuckEngine) -> None:
    rows = duck.from_arrow(profile_table(profile(a=(1, 1, "0.50"), b=(1, 1, 9), c=(1, 1, 99))))
    assert by_customer(grade_rfm(rows, method="log", bins=2).table(), "m_score") == {"a": 1, "b": 1, "c": 2}


def test_log_bins_count_less_than_nothing_as_nothing(duck: DuckEngine) -> None:
    rows = duck.from_arrow(profile_table(profile(a=(0, 1, 0), b=(0, 1, 99))))
    assert by_customer(grade_rfm(rows, method="log").table(), "m_score", "r_score") == {"a": (1, 1), "b": (5, 1)}


def test_an_empty_table_gives_an_empty_result(engine: Engine) -> None:
    assert cs.rfm(engine.from_arrow(orders_table([])), as_of=AS_OF).to_pyarrow().num_rows == 0


def test_refuses_an_unknown_method(duck: DuckEngine) -> None:
    with pytest.raises(BadRfmMethod, match="quantile, nested, fixed and log"):
        cs.rfm(given(duck, *EXAMPLE), as_of=AS_OF, method="guess")  # type: ignore[arg-type]  # on purpose


def test_refuses_fixed_lines_that_lack_one(duck: DuckEngine) -> None:
    with pytest.raises(LinesMissing):
        cs.rfm(given(duck, *EXAMPLE), as_of=AS_OF, method="fixed", lines={"r": [1]})


def test_the_grid_names_every_cell() -> None:
    assert [len(row) for row in LABEL_GRID.values()] == [5] * 5
    assert len({label for row in LABEL_GRID.values() for label in row}) == 11
