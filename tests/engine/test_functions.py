"""Discrete quantiles and exact division, the same on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from math import ceil
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.engine import DuckEngine, Engine
from custrata.engine.functions import (
    discrete_quantile,
    divide,
    epoch_micros,
    instant_from_micros,
    quotient,
    unscaled,
    whole_units,
)
from tests.examples import examples

Pair = tuple[Any, Any]

# Numerator and denominator in cents, and orders: ties, thirds, signs, nothing, and as large as is promised.
MONEY_BY_COUNT: list[Pair] = [
    ("0.05", 10), ("-0.05", 10), ("0.01", 2), ("-0.01", 2), ("10.00", 3), ("-10.00", 3), ("2.675", 1), ("0.00", 7),
    ("1.00", 0), (None, 3), ("1.00", None), ("225000000000.00", 7), ("-225000000000.00", 9), ("99999999999.99", 1),
]  # fmt: skip


def exact(top: Any, bottom: Any, places: int) -> Decimal | None:
    """The quotient as the decimal module rounds it."""
    if top is None or bottom is None or not bottom:
        return None
    return (Decimal(top) / Decimal(bottom)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def quotients(engine: Engine, pairs: Sequence[Pair], places: int, kinds: tuple[pa.DataType, pa.DataType]) -> list[Any]:
    """What the engine divides."""
    columns = {
        name: pa.array([cast(pair[place], kind) for pair in pairs], kind)
        for place, (name, kind) in enumerate(zip(("top", "bottom"), kinds, strict=True))
    }
    table = engine.from_arrow(pa.table({"row": range(len(pairs)), **columns}))
    divided = table.select("row", quotient=divide(table.top, table.bottom, places)).order_by("row")
    return list(engine.arrow(divided)["quotient"].to_pylist())


def cast(value: Any, kind: pa.DataType) -> Any:
    if value is None or not pa.types.is_decimal(kind):
        return value
    return Decimal(value).quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP)


MONEY = pa.decimal128(18, 2)


def test_divides_money_by_a_count_half_up(engine: Engine) -> None:
    expected = [exact(cast(top, MONEY), bottom, 2) for top, bottom in MONEY_BY_COUNT]
    assert quotients(engine, MONEY_BY_COUNT, 2, (MONEY, pa.int64())) == expected


def test_divides_decimals_of_different_places(engine: Engine) -> None:
    pairs: list[Pair] = [("1.00", "3.0000"), ("2.00", "3.0000"), ("-1.00", "8.0000"), ("0.01", "0.0003")]
    divided = quotients(engine, pairs, 4, (MONEY, pa.decimal128(18, 4)))
    assert divided == [exact(top, bottom, 4) for top, bottom in pairs]


@given(
    pairs=st.lists(st.tuples(st.integers(-(10**9), 10**9), st.integers(-1000, 1000)), min_size=1, max_size=60),
    places=st.integers(0, 6),
)
@examples(30)
def test_divides_whole_numbers_as_the_decimal_module_does(duck: DuckEngine, pairs: list[Pair], places: int) -> None:
    assert quotients(duck, pairs, places, (pa.int64(), pa.int64())) == [exact(a, b, places) for a, b in pairs]


@given(
    pairs=st.lists(st.tuples(st.decimals(-(10**11), 10**11, places=2), st.integers(1, 10**6)), min_size=1, max_size=60)
)
@examples(30)
def test_divides_money_as_the_decimal_module_does(duck: DuckEngine, pairs: list[Pair]) -> None:
    assert quotients(duck, pairs, 2, (MONEY, pa.int32())) == [exact(a, b, 2) for a, b in pairs]


GAPS = [None, 9, 2, 2, 1, 30, None, 7]


@pytest.mark.parametrize("kind", [pa.int32(), MONEY], ids=["int32", "money"])
def test_a_discrete_quantile_is_a_value_that_occurs(engine: Engine, kind: pa.DataType) -> None:
    table = engine.from_arrow(pa.table({"v": pa.array([None if v is None else cast(v, kind) for v in GAPS], kind)}))
    shares = (0.01, 1 / 6, 0.17, 0.5, 0.75, 1.0)
    quantiles = engine.arrow(table.aggregate(**{f"q{n}": discrete_quantile(table.v, s) for n, s in enumerate(shares)}))
    present = sorted(v for v in GAPS if v is not None)
    assert list(quantiles.to_pylist()[0].values()) == [present[max(1, ceil(share * 6)) - 1] for share in shares]
    assert {column.type for column in quantiles.columns} == {kind}


def test_a_discrete_quantile_of_a_part(engine: Engine) -> None:
    table = engine.from_arrow(pa.table({"c": list("aabbb"), "v": pa.array([4, 8, None, 5, 1], pa.int32())}))
    quantiles = table.group_by("c").aggregate(low=discrete_quantile(table.v, 0.5, where=table.v > 4))
    assert {row["c"]: row["low"] for row in engine.arrow(quantiles).to_pylist()} == {"a": 8, "b": 5}


def test_a_discrete_quantile_of_nothing_is_nothing(duck: DuckEngine) -> None:
    table = duck.from_arrow(pa.table({"v": pa.array([None], pa.int32())}))
    assert duck.arrow(table.aggregate(q=discrete_quantile(table.v, 0.5))).to_pylist() == [{"q": None}]


@given(values=st.lists(st.integers(-5, 5), min_size=1, max_size=50), percent=st.integers(1, 100))
@examples(30)
def test_a_discrete_quantile_is_the_sorted_value_at_its_rank(duck: DuckEngine, values: list[int], percent: int) -> None:
    """Type 1 of Hyndman and Fan, 1996."""
    table: ir.Table = duck.from_arrow(pa.table({"v": pa.array(values, pa.int32())}))
    rank = ceil(percent * len(values) / 100)
    share = (rank - 0.5) / len(values)
    (row,) = duck.arrow(table.aggregate(q=discrete_quantile(table.v, share))).to_pylist()
    assert row == {"q": sorted(values)[rank - 1]}


def test_instants_and_decimals_go_through_whole_numbers(engine: Engine) -> None:
    micros = [0, 1_738_281_600_123_456, -1]
    table = engine.from_arrow(pa.table({"n": pa.array([0, 1, 2], pa.int64()), "m": pa.array(micros, pa.int64())}))
    back = epoch_micros(instant_from_micros(table.m))
    converted = engine.arrow(table.select("n", back=back, cents=unscaled(table.m, 2)).order_by("n"))
    assert converted["back"].to_pylist() == micros
    assert converted["cents"].to_pylist() == [Decimal(m).scaleb(-2) for m in micros]


# Around where DuckDB's division of doubles hands over to whole numbers, and where 18 digits end.
SIZES = st.one_of(
    st.integers(-(10**6), 10**6), st.integers(4 * 10**12 - 50, 4 * 10**12 + 50), st.integers(10**18 - 50, 10**18 + 50),
    st.integers(-(10**24), 10**24),
)  # fmt: skip


@given(
    pairs=st.lists(st.tuples(SIZES, st.one_of(st.integers(-9, 9), SIZES)), min_size=1, max_size=40),
    scale=st.integers(0, 4),
    places=st.integers(0, 6),
)
@examples(60)
def test_divides_decimals_of_38_digits_exactly(
    duck: DuckEngine, pairs: list[tuple[int, int]], scale: int, places: int
) -> None:
    kind = pa.decimal128(38, scale)
    with localcontext(prec=80):
        decimals = [(Decimal(top).scaleb(-scale), Decimal(bottom).scaleb(-scale)) for top, bottom in pairs]
        expected = [exact(top, bottom, places) for top, bottom in decimals]
    assert quotients(duck, decimals, places, (kind, kind)) == expected


# Where 64 bits end: for shares 9 digits, for money by money 11, for few places up to 16.
EDGES = st.one_of(
    st.integers(0, 12), *[st.integers(10**digits - 3, 10**digits + 3) for digits in (8, 9, 10, 11, 12, 15, 16)]
)


@given(
    pairs=st.lists(st.tuples(EDGES, EDGES, st.sampled_from([1, -1])), min_size=1, max_size=20),
    places=st.sampled_from([0, 1, 2, 6, 7, 12, 13, 17]),
    kind=st.sampled_from([pa.int64(), pa.decimal128(38, 0), pa.decimal128(38, 2), MONEY]),
)
@examples(60)
def test_divides_exactly_on_both_sides_of_64_bits(
    duck: DuckEngine, pairs: list[tuple[int, int, int]], places: int, kind: pa.DataType
) -> None:
    step = Decimal(1).scaleb(-kind.scale) if pa.types.is_decimal(kind) else 1
    sides = [(top * sign * step, bottom * step) for top, bottom, sign in pairs]
    names = ("top", "bottom")
    columns = {name: pa.array([pair[place] for pair in sides], kind) for place, name in enumerate(names)}
    table = duck.from_arrow(pa.table({"row": range(len(sides)), **columns}))
    divided = table.select("row", quotient=quotient(table.top, table.bottom, places)).order_by("row")
    with localcontext(prec=80):
        expected = [exact(top, bottom, places) for top, bottom in sides]
    assert duck.arrow(divided)["quotient"].to_pylist() == expected


@pytest.mark.parametrize(
    "kind", [pa.decimal128(18, 17), pa.decimal128(37, 17), MONEY, pa.decimal128(38, 4), pa.int64()]
)
def test_counts_a_number_in_units_of_its_last_place(engine: Engine, kind: pa.DataType) -> None:
    scale = kind.scale if pa.types.is_decimal(kind) else 0
    most = 10 ** min(getattr(kind, "precision", 18), 20)
    units = [0, 1, -1, most - 1, 1 - most, most // 10 * 9, most // 10 * 9 + 1, most // 3, most // 10 - 1, most // 2]
    values = [Decimal(n).scaleb(-scale) if scale else n for n in units] + [None]
    table = engine.from_arrow(pa.table({"n": range(len(values)), "v": pa.array(values, kind)}))
    counted = engine.arrow(table.select("n", whole=whole_units(table.v, 17)).order_by("n"))["whole"].to_pylist()
    assert counted == [*(Decimal(n) * 10 ** (17 - scale) for n in units), None]
