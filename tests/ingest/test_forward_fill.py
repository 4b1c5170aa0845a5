"""Blank cells that mean the same as above, in files of text."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import NeedsDecision

LINES = "订单号,会员号,下单时间,商品,数量,单价\n"
ONCE = (
    "会员号,订单号,下单时间,实付金额\nM1,A1,2024-03-05,10\n,A2,2024-03-06,20\n,A3,2024-03-07,30\nM2,A4,2024-03-07,40\n"
)


def codes(notices: object) -> dict[str, int]:
    return {notice.code: notice.count for notice in notices}  # type: ignore[attr-defined]  # they are notices


@pytest.mark.parametrize(
    "below", [",,,盐,2,10", "A1,,,盐,2,10", ",M1,2024-03-05,盐,2,10", ",,2024-03-05,盐,2,10", "A1,M1,,盐,2,10"]
)
def test_a_line_below_the_first_of_its_order_belongs_to_it(shop: Shop, below: str) -> None:
    result = shop.import_text("lines", f"{LINES}A1,M1,2024-03-05,茶,1,10\n{below}\nA2,M2,2024-03-06,米,1,50\n")
    assert (result.accepted, result.rejected) == (3, 0)
    assert shop.rows("orders", "order_id", "customer_id", "amount") == [
        ("A1", "M1", Decimal(30)), ("A2", "M2", Decimal(50)),
    ]  # fmt: skip


def test_lines_that_take_number_and_customer_from_above_are_counted(shop: Shop) -> None:
    result = shop.import_text("lines", f"{LINES}A1,M1,2024-03-05,茶,1,10\n,,,盐,2,10\n,,,糖,1,1\n")
    assert codes(result.notices) == {"order_numbers_above": 2}


def test_a_line_of_another_customer_does_not_belong_to_the_order_above(shop: Shop) -> None:
    result = shop.import_text("lines", f"{LINES}A1,M1,2024-03-05,茶,1,10\n,M2,2024-03-05,盐,2,10\n")
    assert (result.accepted, result.quality.reasons) == (1, {"missing": 1})


def test_a_line_above_every_order_stays_without_one(shop: Shop) -> None:
    result = shop.import_text("lines", f"{LINES},,,盐,2,10\nA1,M1,2024-03-05,茶,1,10\n")
    assert (result.accepted, result.rejected) == (1, 1)


def test_asks_whether_rows_below_a_customer_are_that_customers(shop: Shop) -> None:
    before = shop.state
    with pytest.raises(NeedsDecision) as raised:
        shop.import_text("orders", ONCE)
    assert [question.code for question in raised.value.questions] == ["customer_above"]
    assert shop.state == before


@pytest.mark.parametrize(("choice", "customer"), [("above", "M1"), ("anonymous", None)])
def test_the_answer_decides_whose_the_rows_are(shop: Shop, choice: str, customer: str | None) -> None:
    result = shop.import_text("orders", ONCE, decisions={"customer_above": choice})
    assert shop.rows("orders", "order_id", "customer_id")[1] == ("A2", customer)
    assert codes(result.notices) == {{"above": "customers_above", "anonymous": "customers_blank"}[choice]: 2}


def test_does_not_ask_where_customers_are_written_again(shop: Shop) -> None:
    result = shop.import_text("orders", ONCE + "M2,A5,2024-03-08,1\n")
    assert result.quality.figures["anonymous_orders"] == 2


def test_a_day_written_once_counts_for_the_rows_below(shop: Shop) -> None:
    content = "下单日期,订单号,会员号,金额\n2024-03-05,1,a,1\n,2,b,2\n2024-03-06,3,a,3\n,4,c,4\n"
    result = shop.import_text("orders", content)
    assert codes(result.notices)["times_above"] == 2
    assert f"{shop.rows('orders', 'ordered_at')[1][0]:%Y-%m-%d}" == "2024-03-04"


def test_a_time_that_is_merely_missing_is_not_made_up(shop: Shop) -> None:
    rows = "".join(f"2024-03-0{n},{n},a,1\n" for n in range(1, 10)) * 2
    result = shop.import_text("orders", f"下单日期,订单号,会员号,金额\n{rows}2024-03-09,10,a,1\n,11,a,1\n")
    assert result.quality.reasons == {"missing": 1}
