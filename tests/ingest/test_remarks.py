from __future__ import annotations

from tests.ingest.conftest import Shop

HEAD = "order_id,customer_id,ordered_at,amount"


def test_rows_dated_in_the_future_stay_and_are_named(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\n1,a,2025-01-05,8\n2,a,2062-01-05,8\n3,a,2027-01-05,8\n")
    assert [(n.code, n.count, n.example) for n in result.notices] == [("in_future", 2, "2, 2062-01-05")]
    assert result.accepted == 3


def test_a_number_that_many_share_is_named(shop: Shop) -> None:
    rows = [f"{n},{'till' if n < 80 else f'c{n}'},2025-01-{n % 28 + 1:02} 10:00,8" for n in range(300)]
    result = shop.import_text("orders", "\n".join([HEAD, *rows]) + "\n")
    assert [(n.code, n.count, n.example) for n in result.notices] == [("shared_card", 1, "till (80)")]


def test_lines_name_a_number_that_many_share_by_its_orders(shop: Shop) -> None:
    rows = [f"{n},{'till' if n < 80 else f'c{n}'},2025-01-{n % 28 + 1:02} 10:00,x,1,8" for n in range(300)]
    result = shop.import_text("lines", "\n".join(["order_id,customer_id,ordered_at,sku,qty,price", *rows]) + "\n")
    assert [(n.code, n.example) for n in result.notices] == [("shared_card", "till (80)")]
