"""The file the benchmarks read: the same for the same seed, and with all that real files have."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from benchmarks.generate import cached_orders, write_orders

CUSTOMERS = 400
Row = dict[str, str]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    write_orders(path, CUSTOMERS, seed=7)
    return path


@pytest.fixture(scope="module")
def rows(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def test_the_same_seed_gives_the_same_bytes(file: Path, tmp_path: Path) -> None:
    write_orders(tmp_path / "again.csv", CUSTOMERS, seed=7)
    assert (tmp_path / "again.csv").read_bytes() == file.read_bytes()


def test_another_seed_gives_other_orders(file: Path, tmp_path: Path) -> None:
    write_orders(tmp_path / "other.csv", CUSTOMERS, seed=8)
    assert (tmp_path / "other.csv").read_bytes() != file.read_bytes()


def test_a_file_is_written_once(tmp_path: Path) -> None:
    first = cached_orders(tmp_path, 20)
    written = first.stat().st_mtime_ns
    assert cached_orders(tmp_path, 20) == first
    assert first.stat().st_mtime_ns == written


def test_has_ten_rows_per_customer(rows: list[Row]) -> None:
    assert len({row["customer_id"] for row in rows}) == CUSTOMERS
    assert 9.5 * CUSTOMERS < len(rows) < 10.5 * CUSTOMERS


def test_few_customers_have_most_of_the_orders(rows: list[Row]) -> None:
    each = sorted(Counter(row["customer_id"] for row in rows).values(), reverse=True)
    assert sum(each[: CUSTOMERS // 5]) > len(rows) / 2
    assert each.count(1) > CUSTOMERS / 10


def test_order_numbers_are_unique_and_follow_time(rows: list[Row]) -> None:
    assert [row["order_id"] for row in rows] == sorted({row["order_id"] for row in rows})
    assert [row["ordered_at"] for row in rows] == sorted(row["ordered_at"] for row in rows)


def test_has_orders_in_every_status(rows: list[Row]) -> None:
    assert {row["status"] for row in rows} == {"completed", "refunded", "cancelled", "pending"}


def test_has_refunds_of_a_part_and_of_the_whole(rows: list[Row]) -> None:
    shares = [Decimal(row["refund"]) / Decimal(row["amount"]) for row in rows if row["refund"] != "0.00"]
    assert {share == 1 for share in shares} == {True, False}
    assert all(0 < share <= 1 for share in shares)


def test_has_returns_that_name_their_order_and_others(rows: list[Row]) -> None:
    sales = {row["order_id"]: row for row in rows if row["kind"] == "sale"}
    returns = [row for row in rows if row["kind"] == "return"]
    named = [(row, sales[row["returns_order_id"]]) for row in returns if row["returns_order_id"]]
    assert 0 < len(named) < len(returns)
    assert all(back["customer_id"] == sale["customer_id"] for back, sale in named)
    assert all(0 < -Decimal(back["amount"]) <= Decimal(sale["amount"]) for back, sale in named)


def test_only_returns_have_a_negative_amount(rows: list[Row]) -> None:
    assert all((Decimal(row["amount"]) < 0) == (row["kind"] == "return") for row in rows)


def test_has_ties(rows: list[Row]) -> None:
    amounts = Counter(row["amount"] for row in rows)
    assert amounts.most_common(1)[0][1] > len(rows) / 100


def test_has_discounts_on_some_orders(rows: list[Row]) -> None:
    reduced = sum(row["discount"] != "0.00" for row in rows)
    assert 0.1 < reduced / len(rows) < 0.6


def test_only_orders_of_a_store_name_one(rows: list[Row]) -> None:
    assert {row["channel"] for row in rows} == {"web", "app", "store", "mini_program"}
    assert all((row["channel"] == "store") == bool(row["store"]) for row in rows)
