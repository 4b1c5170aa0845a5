"""Cached statements: the same SQL as Ibis compiles, whatever the values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibis.backends.duckdb import Backend

from custrata.engine import DuckEngine
from custrata.engine.statements import shape_of

Shape = Callable[[ir.Table, Any], ir.Table]
SHAPES: list[Shape] = [
    lambda table, value: table.filter(table.n < value),
    lambda table, value: table.mutate(m=table.n - value, k=value),
    lambda table, value: table.filter(table.n > value).union(table.filter(table.n > 7_000)),
    lambda table, value: table.join(table.view().filter(ibis._.n < value), "n"),
    lambda table, value: table.group_by(table.n // value).aggregate(many=table.count(where=table.n == value)),
    lambda table, value: table.order_by("n").limit(value if isinstance(value, int) and value > 0 else 1),
    lambda table, value: table.mutate(c=ibis.cases((table.n > value, "high"), (table.n > 3, "mid"), else_="low")),
]
VALUES = st.integers(-500, 40_000) | st.decimals(-9, 900, places=2) | st.dates(date(2020, 1, 1), date(2030, 1, 1))


def ibis_sql(duck: DuckEngine, table: ir.Table) -> str:
    """The SQL that Ibis compiles."""
    return str(super(type(duck.connection), duck.connection).compile(table))


@pytest.fixture(scope="module")
def numbers(duck: DuckEngine) -> ir.Table:
    """A table of three numbers."""
    return duck.from_arrow(pa.table({"n": [1, 5, 9]}))


@given(place=st.sampled_from(range(len(SHAPES))), values=st.lists(VALUES, min_size=1, max_size=5))
def test_a_statement_is_as_ibis_writes_it(duck: DuckEngine, numbers: ir.Table, place: int, values: list[Any]) -> None:
    for value in values:
        if isinstance(value, date):
            expression = numbers.mutate(
                day=ibis.literal(value), later=ibis.literal(value) > ibis.literal(date(2025, 1, 1))
            )
        else:
            expression = SHAPES[place](numbers, value)
        assert duck.connection.compile(expression) == ibis_sql(duck, expression)


def test_only_what_is_new_is_compiled(duck: DuckEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    compile_whole = Backend.compile

    def compiled(*args: Any, **kwargs: Any) -> str:
        statements.append(compile_whole(*args, **kwargs))
        return statements[-1]

    monkeypatch.setattr(Backend, "compile", compiled)
    for value in (20_001, 20_002, 20_003, 20_004, 20_005):
        odd = duck.from_arrow(pa.table({"odd": [20_000, 20_002]}))
        assert duck.arrow(odd.filter(odd.odd < value)).num_rows == (1 if value < 20_003 else 2)
    assert len(statements) == 2  # as it is, and with a hole


def test_equal_values_have_another_shape_than_different_ones(duck: DuckEngine, numbers: ir.Table) -> None:
    def shape_key(low: int, high: int) -> Any:
        shape = shape_of(numbers.filter(numbers.n > low, numbers.n < high).op())
        assert shape is not None
        return shape.key

    assert (shape_key(500, 600) == shape_key(700, 800), shape_key(500, 600) == shape_key(500, 500)) == (True, False)


def test_money_and_days_in_a_statement_give_the_right_rows(duck: DuckEngine) -> None:
    rows = duck.from_arrow(pa.table({"spend": [Decimal("1.50"), Decimal("250.15")]}))
    counts = [
        duck.arrow(rows.filter(rows.spend >= Decimal(line))).num_rows for line in ("1.50", "1.51", "250.15", "250.16")
    ]
    assert counts == [2, 1, 1, 0]
