from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import NeedsDecision

HEAD = "order_id,customer_id,ordered_at,amount"


def rows(*cells: str, head: str = HEAD) -> str:
    return "\n".join([head, *cells]) + "\n"


ROUNDED = rows(*(f"1.23457E+15,c{n},2024-01-0{n},10" for n in range(1, 6)))
CUT = rows(*(f"123456789012345000,c{n},2024-01-0{n},10" for n in range(1, 6)))


@pytest.mark.parametrize("content", [ROUNDED, CUT])
def test_orders_whose_numbers_a_spreadsheet_rounded_stay_orders_of_their_own(shop: Shop, content: str) -> None:
    with pytest.raises(NeedsDecision, match=r"spoilt_order_numbers.*5 of the first rows"):
        shop.import_text("orders", content)
    shop.import_text("orders", content, accept_defaults=True)
    assert len(shop.rows("orders", "order_id")) == 5


def test_long_numbers_that_a_spreadsheet_left_alone_are_no_question(shop: Shop) -> None:
    result = shop.import_text("orders", rows("123456789012345678,a,2024-01-05,1", "123456789012345670,a,2024-01-06,1"))
    assert (result.accepted, result.notices) == (2, ())


def test_customers_that_a_spreadsheet_rounded_are_nobody_unless_told_otherwise(shop: Shop) -> None:
    content = rows("1,1.38E+10,2024-01-05,10", "2,1.38E+10,2024-01-06,10", "3,M1,2024-01-06,10")
    with pytest.raises(NeedsDecision, match="spoilt_customers"):
        shop.import_text("orders", content)
    shop.import_text("orders", content, accept_defaults=True)
    assert shop.rows("orders", "customer_id") == [("M1",), (None,), (None,)]


def test_a_column_that_could_be_the_order_number_is_asked_about(shop: Shop) -> None:
    content = rows("a,2024-01-05,10,X1", "a,2024-01-06,10,X2", head="customer,date,amount,Beleg")
    with pytest.raises(NeedsDecision, match=r"order_number: .*Beleg"):
        shop.import_text("orders", content)
    shop.import_text("orders", content, decisions={"order_number": "Beleg"})
    assert shop.rows("orders", "order_id", "amount") == [("X1", Decimal(10)), ("X2", Decimal(10))]


def test_without_an_order_number_a_remark_is_no_number(shop: Shop) -> None:
    content = rows("a,2024-01-05,10,call at 5", "a,2024-01-06,10,", head="customer,date,amount,remark")
    assert shop.import_text("orders", content).accepted == 2
