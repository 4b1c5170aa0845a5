"""From the tables people have to orders: every kind of table, of number and of time, and what is refused."""

from __future__ import annotations

import warnings
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import custrata as cs
from custrata.analytics.fit import RepeatedOrders, TooLargeValues, UnknownWords, UnreadableValues, UnreliableIds
from custrata.analytics.sources import (
    LacksColumns,
    UnknownColumns,
    UnknownTable,
    UnusableTable,
    as_table,
    canonical_feedback,
    canonical_lines,
    canonical_orders,
    canonical_products,
)
from custrata.analytics.traits import profile_of
from custrata.engine import Engine
from custrata.errors import BadInput
from custrata.ingest.files import FileMissing
from custrata.schema import ORDERS

SHANGHAI = "Asia/Shanghai"
ORDERED = pl.DataFrame(
    {
        "customer_id": ["a", "a", "b"],
        "order_id": ["1", "2", "3"],
        "ordered_at": ["2025-01-01", "2025-01-11", "2025-01-30"],
        "amount": [10.0, 2.675, 5.0],
    }
)


def read(source: Any, *columns: str, zone: str = "UTC", **more: Any) -> list[Any]:
    """Columns of the canonical orders, in the order of their numbers."""
    table = canonical_orders(source, zone, **more).order_by("order_id").select(*columns)
    rows = table.to_pyarrow().to_pylist()
    return [row[columns[0]] if len(columns) == 1 else tuple(row.values()) for row in rows]


SAME: dict[str, Any] = {
    "Polars": ORDERED,
    "Arrow": ORDERED.to_arrow(),
    "pandas": ORDERED.to_pandas(),
    "Ibis": ibis.memtable(ORDERED),
    "texts": ORDERED.with_columns(amount=pl.Series(["10", "2.675", "5.00"])),
    "small floats": ORDERED.with_columns(pl.col("amount").cast(pl.Float32)),
    "numbered": ORDERED.with_columns(order_id=pl.Series([1, 2, 3])),
    "days": ORDERED.with_columns(pl.col("ordered_at").str.to_date()),
    "nanoseconds": ORDERED.with_columns(pl.col("ordered_at").str.to_datetime(time_unit="ns")),
    "milliseconds": ORDERED.with_columns(pl.col("ordered_at").str.to_datetime(time_zone="UTC", time_unit="ms")),
    "pandas' times": ORDERED.to_pandas().assign(ordered_at=lambda frame: pd.to_datetime(frame.ordered_at)),
}


@pytest.mark.parametrize("name", SAME)
def test_any_table_gives_the_same_orders(name: str) -> None:
    assert read(SAME[name], "order_id", "customer_id", "amount", "ordered_at") == [
        ("1", "a", Decimal("10.00"), datetime(2025, 1, 1, tzinfo=UTC)),
        ("2", "a", Decimal("2.68"), datetime(2025, 1, 11, tzinfo=UTC)),
        ("3", "b", Decimal("5.00"), datetime(2025, 1, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet", "ORDERS.PARQUET"])
@pytest.mark.parametrize("kind", [str, Path])
def test_a_path_gives_the_same_orders(tmp_path: Path, name: str, kind: type) -> None:
    path = tmp_path / name
    if name.endswith("csv"):
        ORDERED.write_csv(path)
    else:
        ORDERED.write_parquet(path)
    assert read(kind(path), "order_id", "amount") == read(ORDERED, "order_id", "amount")


def test_a_file_keeps_the_noughts_before_a_number(tmp_path: Path) -> None:
    ORDERED.with_columns(customer_id=pl.Series(["007", "7", "8"])).write_csv(tmp_path / "orders.csv")
    assert read(tmp_path / "orders.csv", "customer_id") == ["007", "7", "8"]


def test_what_is_not_said_is_a_plain_sale() -> None:
    minus = ORDERED.with_columns(amount=pl.Series([10, -1, 0]))
    assert read(minus, "kind", "status", "refund", "discount") == [
        ("sale", "completed", 0, None), ("return", "completed", 0, None), ("sale", "completed", 0, None),
    ]  # fmt: skip


def test_a_cell_left_empty_is_as_if_the_column_were_not_there() -> None:
    kinds, statuses = pl.Series([None, "sale", None]), pl.Series([None, "pending", None])
    gaps = ORDERED.with_columns(kind=kinds, status=statuses, refund=pl.Series([None, 1.0, None]))
    assert read(gaps, "kind", "status", "refund") == [
        ("sale", "completed", 0), ("sale", "pending", 1), ("sale", "completed", 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "cents"),
    [
        ([2.675, 1.005, -2.675], ["2.68", "1.01", "-2.68"]),
        ([0.1 + 0.2, 1e9 + 0.125, -0.005], ["0.30", "1000000000.13", "-0.01"]),
        ([Decimal("2.67495"), Decimal("2.675"), Decimal("-0.005")], ["2.67", "2.68", "-0.01"]),
        (["2.67495", "2.675", "-0.005"], ["2.67", "2.68", "-0.01"]),
        ([3, -3, 0], ["3.00", "-3.00", "0.00"]),
        ([float("nan"), float("inf"), 1.0], [None, None, "1.00"]),
    ],
)
def test_money_is_rounded_half_up_once(values: list[Any], cents: list[str | None]) -> None:
    table = ORDERED.with_columns(amount=pl.Series(values))
    assert read(table, "amount") == [None if cent is None else Decimal(cent) for cent in cents]


def test_what_is_not_a_number_is_nothing() -> None:
    """Pandas writes a missing refund as not-a-number."""
    assert read(ORDERED.to_pandas().assign(refund=[float("nan"), float("nan"), 2]), "refund") == [0, 0, 2]


NOON = datetime(2025, 1, 31, 4, tzinfo=UTC)  # in Shanghai
CLOCK = datetime(2025, 1, 31, 12)
TIMES: dict[str, pa.Array] = {
    "naive": pa.array([CLOCK], pa.timestamp("us")),
    "aware": pa.array([NOON], pa.timestamp("us", "UTC")),
    "elsewhere": pa.array([NOON], pa.timestamp("us", "Europe/London")),
    "text": pa.array(["2025-01-31 12:00:00"]),
    "text of a minute": pa.array(["2025-01-31T12:00"]),
    "text with an offset": pa.array(["2025-01-31T05:00:00+01:00"]),
    "text in UTC": pa.array(["2025-01-31T04:00:00.000Z"]),
}


def test_a_time_without_a_zone_is_on_the_clock_of_the_zone(engine: Engine) -> None:
    row = {"customer_id": ["a"], "order_id": ["1"], "amount": [1]}
    table = engine.from_arrow(pa.table({**row, **TIMES}))
    read = [
        canonical_orders(table, SHANGHAI, {"ordered_at": name}).select("ordered_at", name=ibis.literal(name))
        for name in TIMES
    ]
    rows = engine.arrow(ibis.union(*read)).to_pylist()
    assert {row["name"]: row["ordered_at"] for row in rows} == dict.fromkeys(TIMES, NOON)


def test_a_day_without_midnight_is_still_that_day() -> None:
    days = ORDERED.with_columns(ordered_at=pl.lit(date(2018, 11, 4)))
    assert read(days, "ordered_at", zone="America/Sao_Paulo") == [datetime(2018, 11, 4, 3, tzinfo=UTC)] * 3


def test_columns_are_called_as_the_user_calls_them() -> None:
    theirs = ORDERED.rename({"customer_id": "buyer", "amount": "total"}).with_columns(amount=pl.lit("gross, not used"))
    named = {"customer_id": "buyer", "amount": "total"}
    assert read(theirs, "customer_id", "amount", columns=named) == read(ORDERED, "customer_id", "amount")


def test_two_columns_can_be_one() -> None:
    assert read(ORDERED, "order_id", "store", columns={"store": "order_id"}) == [("1", "1"), ("2", "2"), ("3", "3")]


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ({}, "customer_id, amount"),
        ({"customer_id": "buyer"}, "amount"),
        ({"customer_id": "buyer", "amount": "nowhere"}, "amount"),
        ({"customer_id": "buyer", "amount": "total", "refund": "nowhere"}, "refund"),
    ],
)
def test_names_the_columns_that_are_missing(columns: dict[str, str], missing: str) -> None:
    theirs = ORDERED.rename({"customer_id": "buyer", "amount": "total"})
    with pytest.raises(LacksColumns) as caught:
        cs.traits(theirs, as_of="2025-01-31", columns=columns)
    assert caught.value.facts["missing"] == missing


@pytest.mark.parametrize(
    ("reader", "columns"),
    [
        (canonical_lines, {"product_id": ["p"]}),
        (canonical_products, {"product_id": ["p"]}),
        (canonical_feedback, {"customer_id": ["a"], "kind": ["nps"], "score": [9]}),
    ],
)
def test_every_table_says_what_it_lacks(reader: Any, columns: dict[str, Any]) -> None:
    with pytest.raises(LacksColumns, match=r"lacks (order_id|category|given_at)"):
        reader(pl.DataFrame(columns), "UTC")


def test_refuses_a_name_for_a_column_that_does_not_exist() -> None:
    with pytest.raises(UnknownColumns, match="no column custmer"):
        canonical_orders(ORDERED, "UTC", {"custmer": "customer_id"})


@pytest.mark.parametrize("source", [None, 5, [1, 2], {"customer_id": ["a"]}])
def test_refuses_what_is_no_table(source: Any) -> None:
    with pytest.raises(UnknownTable, match=r"Ibis, Polars, pandas or Arrow table"):
        as_table(source)


def test_refuses_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileMissing) as caught:
        as_table(tmp_path / "gone.csv")
    assert isinstance(caught.value, BadInput)


def test_ids_that_passed_through_a_frame_of_floats_lose_their_point(engine: Engine) -> None:
    floats = ORDERED.with_columns(customer_id=pl.Series([1.0, 1.0, None]))
    table = canonical_orders(engine.from_arrow(floats.to_arrow()), "UTC")
    assert sorted(engine.arrow(table.select("customer_id"))["customer_id"].to_pylist(), key=str) == ["1", "1", None]


@pytest.mark.parametrize("value", [12345678901234567890.0, 1.5])
def test_refuses_ids_that_floats_have_changed(engine: Engine, value: float) -> None:
    floats = ORDERED.with_columns(customer_id=pl.Series([1.0, 2.0, value]))
    with pytest.raises(UnreliableIds, match="customer_id"):
        canonical_orders(engine.from_arrow(floats.to_arrow()), "UTC")


@pytest.mark.parametrize("value", [1e30, "1e30", 10**17])
def test_refuses_amounts_that_no_sum_has_room_for(engine: Engine, value: Any) -> None:
    large = ORDERED.with_columns(amount=pl.Series([value] * 3))
    with pytest.raises(TooLargeValues, match=r"3 values of “amount” are larger than 1,000,000,000,000,000"):
        canonical_orders(engine.from_arrow(large.to_arrow()), "UTC")


def test_refuses_a_status_nobody_knows_and_counts_it(engine: Engine) -> None:
    odd = ORDERED.with_columns(status=pl.Series(["shipped", "completed", "shipped"]))
    with pytest.raises(UnknownWords, match=r"“shipped” \(2\).*completed, refunded"):
        canonical_orders(engine.from_arrow(odd.to_arrow()), "UTC")


def test_refuses_lines_handed_in_as_orders(engine: Engine) -> None:
    lines = pl.concat([ORDERED, ORDERED.filter(pl.col("order_id") == "2").with_columns(amount=pl.lit(7.0))])
    with pytest.raises(RepeatedOrders, match=r"1 order numbers .* for example 2:"):
        canonical_orders(engine.from_arrow(lines.to_arrow()), "UTC")


def test_a_row_that_comes_twice_counts_once_and_is_told(engine: Engine) -> None:
    twice = pl.concat([ORDERED, ORDERED.head(2)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        table = canonical_orders(engine.from_arrow(twice.to_arrow()), "UTC")
    assert engine.arrow(table).num_rows == 3
    assert [str(warning.message)[:16] for warning in caught] == ["2 rows of orders"]


def test_refuses_a_frame_whose_column_has_two_types() -> None:
    with pytest.raises(UnusableTable, match="single type"):
        as_table(ORDERED.to_pandas().assign(amount=[1, "x", b"y"]))


def test_canonical_orders_have_canonical_types() -> None:
    table = canonical_orders(ORDERED, "UTC")
    assert {name: table[name].type().copy(nullable=True) for name in table.columns} == {
        column.name: column.dtype.copy(nullable=True) for column in ORDERS if column.name in table.columns
    }


def test_lines_may_number_their_orders() -> None:
    """Numbers in one table and texts in the other are the same orders."""
    lines = pl.DataFrame({"order_id": [1, 2, 3], "category": ["x", "y", "x"]})
    numbered = ORDERED.with_columns(pl.col("order_id").cast(pl.Int64))
    profile = profile_of(numbered, as_of="2025-01-31", lines=lines, families=frozenset())
    assert sorted(profile.categories.to_pyarrow().to_pylist()) == [1, 2]


def test_products_give_their_lines_a_category() -> None:
    lines = pl.DataFrame({"order_id": ["1", "2"], "product_id": ["p", "q"], "category": ["own", "own"]})
    products = pl.DataFrame({"product_id": ["p"], "category": ["the product's"]})
    profile = profile_of(ORDERED, as_of="2025-01-31", lines=lines, products=products, families=frozenset())
    row = profile.filter(profile.customer_id == "a").to_pyarrow().to_pylist()[0]
    assert (row["categories"], row["top_category"]) == (2, "own")


@pytest.mark.parametrize(("column", "value"), [("amount", "ten"), ("ordered_at", "soon"), ("ordered_at", "2025-02-30")])
def test_refuses_text_that_is_no_number_or_time_and_says_which(engine: Engine, column: str, value: str) -> None:
    texts = ORDERED.with_columns(pl.col("amount").cast(pl.String))
    wrong = texts.with_columns(pl.when(pl.col("order_id") == "2").then(pl.lit(value)).otherwise(column).alias(column))
    with pytest.raises(UnreadableValues, match=f"1 values of “{column}”.*'{value}'"):
        canonical_orders(engine.from_arrow(wrong.to_arrow()), "UTC")


def test_reads_text_with_and_without_a_zone_in_one_column(engine: Engine) -> None:
    mixed = ORDERED.with_columns(
        ordered_at=pl.Series(["2025-01-01 08:00:00+08:00", "2025-01-01", "2025-01-01T00:00:00Z"])
    )
    read_back = canonical_orders(engine.from_arrow(mixed.to_arrow()), "UTC").ordered_at
    assert set(engine.arrow(read_back.name("at").as_table())["at"].to_pylist()) == {datetime(2025, 1, 1, tzinfo=UTC)}
