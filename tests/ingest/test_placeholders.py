from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

HEAD = "order_id,customer_id,ordered_at,amount"


def rows(*customers: str) -> str:
    return "\n".join([HEAD, *(f"{n},{who},2024-01-05,10" for n, who in enumerate(customers))]) + "\n"


NOBODY = [
    "散客", "0", "Guest", "guest", "匿名", "Walk-in Customer", "0000000000", "unknown", "线下客户", "过路客",
    "線下客戶", "9999999999", "1111111",
]  # fmt: skip


@pytest.mark.parametrize("nobody", [NOBODY, NOBODY[:1], NOBODY[1:2]])
def test_a_placeholder_is_nobody(shop: Shop, nobody: list[str]) -> None:
    result = shop.import_text("orders", rows(*nobody, "M1", *nobody))
    assert shop.rows("orders", "customer_id") == [("M1",), *[(None,)] * (2 * len(nobody))]
    example = ", ".join(sorted(nobody)[:5])
    assert [(n.code, n.count, n.example) for n in result.notices] == [("placeholders", 2 * len(nobody), example)]


def test_the_mapping_may_say_that_they_are_customers(shop: Shop) -> None:
    shop.import_text("orders", rows("散客", "M1"), decisions={"placeholder_customers": "keep"})
    assert shop.rows("orders", "customer_id") == [("M1",), ("散客",)]


def test_a_guest_with_an_e_mail_is_a_customer_by_it(shop: Shop) -> None:
    content = f"{HEAD},customer_email\n1,0,2024-01-05,10,A@x.com\n2,0,2024-01-05,10,\n3,7,2024-01-05,10,c@x.com\n"
    result = shop.import_text("orders", content)
    assert shop.rows("orders", "customer_id") == [("7",), ("a@x.com",), (None,)]
    assert [(n.code, n.count) for n in result.notices] == [("placeholders_by_contact", 1), ("placeholders", 1)]


def test_customers_numbered_from_nought_have_a_customer_0(shop: Shop) -> None:
    shop.import_text("orders", rows(*"01234567"))
    assert ("0",) in shop.rows("orders", "customer_id")


def test_ordinary_customers_stay(shop: Shop) -> None:
    result = shop.import_text("orders", rows("100000", "110", "C0", "guesthouse"))
    assert (result.notices, len(shop.rows("orders", "customer_id"))) == ((), 4)
    assert result.quality.figures["sales"] == Decimal(40)
