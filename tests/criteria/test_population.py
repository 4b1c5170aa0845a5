"""Shares of the population: the line at its rank, ties, and customers without the trait."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.criteria import parse
from custrata.engine import DuckEngine, Engine
from tests.criteria.evaluation import MONEY, answers, cents, matches, people, scope_of
from tests.examples import examples

MIXED = ["5.00", "4.00", "4.00", "2.00", "1.00", None]
CASES: list[tuple[list[str | None], str, str, str]] = [
    (MIXED, "top", "0.2", "0"),
    (MIXED, "top", "0.21", "012"),
    (MIXED, "top", "0.4", "012"),
    (MIXED, "top", "0.6", "012"),
    (MIXED, "top", "0.61", "0123"),
    (MIXED, "top", "1", "01234"),
    (MIXED, "bottom", "0.2", "4"),
    (MIXED, "bottom", "0.201", "34"),
    (MIXED, "bottom", "0.5", "1234"),
    (["3.00"], "top", "0.01", "0"),
    (["3.00"] * 4, "bottom", "0.01", "0123"),
    (["-0.01", "-0.02"], "top", "0.5", "0"),
    ([None, None], "top", "0.5", ""),
]


@pytest.mark.parametrize(("values", "which", "share", "customers"), CASES)
def test_the_line_is_the_value_at_its_rank(
    duck: DuckEngine, values: list[str | None], which: str, share: str, customers: str
) -> None:
    profile = people({"spend": (MONEY, cents(*values))})
    assert matches(duck, scope_of(duck, profile), {"trait": "spend", "is": which, "share": share}) == customers


@pytest.mark.parametrize("kind", [pa.int32(), pa.float64(), MONEY])
def test_lines_are_the_same_on_every_engine(engine: Engine, kind: pa.DataType) -> None:
    values = [5, 4, 4, 2, 1, None, -3]
    profile = people({"v": (kind, [v if v is None or kind == pa.int32() else Decimal(v) for v in values])
                      if kind != pa.float64() else (kind, [*values[:5], float("nan"), -3.0])})  # fmt: skip
    criteria = [parse({"trait": "v", "is": which, "share": "0.5"}) for which in ("top", "bottom")]
    rows = answers(engine, scope_of(engine, profile), criteria)
    assert [row["customer_id"][-1] for row in rows if row["answer_0"]] == ["0", "1", "2"]
    assert [row["customer_id"][-1] for row in rows if row["answer_1"]] == ["3", "4", "6"]


@given(values=st.lists(st.integers(-4, 4), min_size=1, max_size=30), percent=st.integers(1, 100))
@examples(25)
def test_the_best_share_is_the_sorted_values_down_to_its_rank(
    duck: DuckEngine, values: list[int], percent: int
) -> None:
    share = Fraction(percent, 100)
    line = sorted(values, reverse=True)[ceil(share * len(values)) - 1]
    (criteria,) = [parse({"trait": "v", "is": "top", "share": f"{percent / 100:.2f}"})]
    rows = answers(duck, scope_of(duck, people({"v": (pa.int64(), values)})), [criteria])
    assert [row["answer_0"] for row in rows] == [value >= line for value in values]
