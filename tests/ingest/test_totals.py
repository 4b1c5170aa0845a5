"""Rows that are no facts: totals, repeated headers, remarks."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

ORDERS = "order_id,customer_id,order_date,amount\n1,a,2024-01-05,1\n{between}2,b,2024-01-06,2\n{below}"
TOTALS = [
    "合计,,,3", "总计,,,3", "小计：,,,3", ",合计,,3", ",,Total,3", "Total,,,3", "Grand Total,,,3", "TOTAL:,,,3",
    "Summe,,,3", "Sub-total,,,3", "合计（2笔）,,,3", "本页小计,,,3", "a Total,,,3", ",a 汇总,,3", "Total: 2 orders,,,3",
    "** Total **,,,3", "合計,,,3", "合计,,2024-01-06,3", "合 计,,,3", "Total,合计,2024-01-06,3",
]  # fmt: skip


@pytest.mark.parametrize("totals", [TOTALS[:7], TOTALS[7:14], TOTALS[14:]])
def test_rows_of_totals_are_left_out_and_told(shop: Shop, totals: list[str]) -> None:
    rows = "".join(total + "\n" for total in totals)
    result = shop.import_text("orders", ORDERS.format(between=rows, below=rows))
    assert (result.accepted, result.rejected, result.quality.left_out) == (2, 0, 2 * len(totals))
    assert [(notice.code, notice.count) for notice in result.notices] == [("totals", 2 * len(totals))]
    assert shop.rows("orders", "customer_id") == [("a",), ("b",)]


def test_a_total_is_no_customer_of_a_file_of_customers(shop: Shop) -> None:
    shop.import_text("customers", "customer_id,name\n1,a\n2,b\n合计,2\n")
    assert shop.rows("customer_records", "customer_id") == [("1",), ("2",)]


def test_a_total_below_the_lines_of_an_order_is_no_line(shop: Shop) -> None:
    head = "order_id,customer_id,order_date,product,quantity,unit_price\n"
    rows = "1,a,2024-01-05,Tea,1,10\n1,a,2024-01-05,Salt,2,10\n1,a,2024-01-05,Subtotal,3,30\n1 Total,,,,3,30\n"
    result = shop.import_text("lines", head + rows.replace("Subtotal,3,30", "Subtotal,1,30"))
    assert (result.accepted, result.quality.left_out) == (2, 2)
    assert shop.rows("orders", "amount") == [(Decimal(30),)]


def test_a_product_may_be_called_total(shop: Shop) -> None:
    head = "order_id,customer_id,order_date,product,quantity,unit_price\n"
    result = shop.import_text("lines", head + "1,a,2024-01-05,Total,1,10\n1,a,2024-01-05,Salt,2,10\n")
    assert (result.accepted, result.notices) == (2, ())


def test_words_that_only_begin_like_a_total_are_customers(shop: Shop) -> None:
    result = shop.import_text(
        "orders", ORDERS.format(between="3,Sumatra,2024-01-05,1\n", below="4,Totalis,2024-01-05,1\n")
    )
    assert (result.accepted, result.notices) == (4, ())


def test_a_header_on_every_page_is_left_out(shop: Shop) -> None:
    again = "order_id,customer_id,order_date,amount\n"
    result = shop.import_text("orders", ORDERS.format(between=again, below=again))
    assert (result.accepted, result.rejected) == (2, 0)
    assert [(notice.code, notice.count) for notice in result.notices] == [("repeated_headers", 2)]


def test_a_remark_below_the_table_is_left_out(shop: Shop) -> None:
    result = shop.import_text("orders", ORDERS.format(between="", below="\n制表人：张三,,,\n"))
    assert (result.accepted, result.rejected) == (2, 0)
    assert [(notice.code, notice.example) for notice in result.notices] == [("remarks", "制表人：张三")]


def test_a_row_that_is_merely_wrong_is_rejected_as_before(shop: Shop) -> None:
    result = shop.import_text("orders", ORDERS.format(between=",c,2024-01-05,1\n", below="3,c,nonsense,1\n"))
    assert (result.accepted, result.rejected, result.notices) == (2, 2, ())


def test_short_lines_below_the_table_are_no_rows(shop: Shop) -> None:
    result = shop.import_text("orders", ORDERS.format(between="3,c\n", below="Total,3\n--------\nPrinted by X\n"))
    assert (result.accepted, result.rejected, result.quality.reasons) == (2, 1, {"too_few_cells": 1})
    assert [(notice.code, notice.count) for notice in result.notices] == [("totals", 1), ("remarks", 2)]
    assert shop.rejected(result)[0]["_row"] == "3"
