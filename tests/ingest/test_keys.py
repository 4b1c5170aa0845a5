from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import NeedsDecision

BARE = "customer,date,amount"
HEAD = "order_id,customer_id,ordered_at,amount"


def rows(*cells: str, head: str = HEAD) -> str:
    return "\n".join([head, *cells]) + "\n"


def orders(shop: Shop) -> list[tuple[str, Decimal]]:
    return [(customer, amount) for customer, amount in shop.rows("orders", "customer_id", "amount")]


def test_a_file_of_customer_date_and_amount_has_an_order_per_row(shop: Shop) -> None:
    result = shop.import_text("orders", rows("a,2024-01-05,10", "a,2024-02-05,10", "b,2024-01-05,7.50", head=BARE))
    assert orders(shop) == [("a", Decimal(10)), ("a", Decimal(10)), ("b", Decimal("7.50"))]
    assert [(notice.code, notice.count) for notice in result.notices] == [("numbers_by_content", 3)]


def test_overlapping_files_without_numbers_are_known_again_by_content(shop: Shop) -> None:
    shop.import_text("orders", rows("a,2024-01-05,10", "b,2024-01-06,20", head=BARE), "1.csv")
    again = shop.import_text("orders", rows("b,2024/1/6,20.00", "c,2024/1/7,5", head=BARE), "2.csv")
    assert (again.merged["orders"].added, len(orders(shop))) == (1, 3)


def test_asks_whether_rows_of_one_customer_and_day_are_one_order(shop: Shop) -> None:
    content = rows("a,2024-01-05,10", "a,2024-01-05,10", "a,2024-01-05,5", "b,2024-01-05,7", head=BARE)
    with pytest.raises(NeedsDecision, match=r"rows_without_number.*cases: 1, rows: 3, such as customer a"):
        shop.import_text("orders", content)
    shop.import_text("orders", content, accept_defaults=True)
    assert orders(shop) == [("a", Decimal(10)), ("a", Decimal(10)), ("a", Decimal(5)), ("b", Decimal(7))]


def test_rows_of_one_customer_and_day_may_be_one_order(shop: Shop) -> None:
    content = rows("a,2024-01-05,10", "a,2024-01-05,10", "a,2024-01-05,5", ",2024-01-05,7", ",2024-01-05,7", head=BARE)
    shop.import_text("orders", content, decisions={"rows_without_number": "customer_instant"})
    assert orders(shop) == [("a", Decimal(25)), (None, Decimal(7)), (None, Decimal(7))]


def test_lines_without_a_number_are_orders_by_customer_and_time(shop: Shop) -> None:
    head = "customer,date,sku,qty,price"
    content = rows("a,2024-01-05 10:00,x,2,10", "a,2024-01-05 10:00,y,1,5", "a,2024-01-06 10:00,x,1,10", head=head)
    result = shop.import_text("lines", content)
    assert orders(shop) == [("a", Decimal(10)), ("a", Decimal(25))]
    assert [notice.code for notice in result.notices] == ["line_numbers_by_instant"]


def test_a_return_under_the_number_of_its_sale_takes_it_back(shop: Shop) -> None:
    result = shop.import_text("orders", rows("1,a,2024-01-05,10", "1,a,2024-01-09,-4", "2,b,2024-01-05,7"))
    assert shop.rows("orders", "order_id", "kind", "amount", "returns_order_id") == [
        ("1", "sale", Decimal(10), None), ("1-return", "return", Decimal(-4), "1"), ("2", "sale", Decimal(7), None),
    ]  # fmt: skip
    assert [(notice.code, notice.count, notice.example) for notice in result.notices] == [("returns_apart", 1, "1")]


def test_two_stores_with_one_range_of_numbers_are_told_apart(shop: Shop) -> None:
    cells = [f"{n},{store}{n},2024-01-0{n},10,{store}" for n in (1, 2, 3) for store in ("S", "T")]
    result = shop.import_text("orders", rows(*cells, head=f"{HEAD},store"))
    assert [number for (number,) in shop.rows("orders", "order_id")] == ["S/1", "S/2", "S/3", "T/1", "T/2", "T/3"]
    assert [notice.code for notice in result.notices] == ["same_number_store"]


def test_tills_that_start_again_each_day_are_told_apart(shop: Shop) -> None:
    cells = [f"{n},c{n}{day},2024-01-0{day},10" for n in (1, 2, 3) for day in (5, 6)]
    shop.import_text("orders", rows(*cells))
    assert [number for (number,) in shop.rows("orders", "order_id")][:2] == ["1@2024-01-05", "1@2024-01-06"]


def test_till_numbers_in_the_next_file_are_asked_about(shop: Shop) -> None:
    shop.import_text("orders", rows("1,a,2024-01-05,10", "2,b,2024-01-05,10"), "1.csv")
    with pytest.raises(NeedsDecision, match="number_in_use"):
        shop.import_text("orders", rows("1,c,2024-01-08,10", "2,d,2024-01-08,10"), "2.csv")
    shop.import_text("orders", rows("1,c,2024-01-08,10", "2,d,2024-01-08,10"), "2.csv", accept_defaults=True)
    assert len(orders(shop)) == 4


PARTS = rows("1,a,2024-01-05,8", "1,a,2024-01-05,9", "1,a,2024-01-05,9", "2,a,2024-01-06,1", "2,a,2024-01-06,1")


@pytest.mark.parametrize(("choice", "amounts"), [("sum", [26, 1]), ("last", [9, 1]), ("apart", [8, 9, 1])])
def test_rows_that_share_a_number_are_asked_about(shop: Shop, choice: str, amounts: list[int]) -> None:
    with pytest.raises(NeedsDecision, match=r"same_number: .*1 in 2 rows, such as 1"):
        shop.import_text("orders", PARTS)
    shop.import_text("orders", PARTS, decisions={"same_number": choice})
    assert sorted(amount for _, amount in orders(shop)) == sorted(map(Decimal, amounts))


def test_lines_that_come_as_orders_are_added_up_by_default(shop: Shop) -> None:
    result = shop.import_text("orders", PARTS, accept_defaults=True)
    assert result.mapping.decisions == {"same_number": "sum"}


def test_an_order_written_anew_with_its_time_is_no_question(shop: Shop) -> None:
    shop.import_text(
        "orders", rows("1,a,2024-01-05,8,2024-03-01", "1,a,2024-01-05,9,2024-02-01", head=f"{HEAD},更新时间")
    )
    assert orders(shop) == [("a", Decimal(8))]


def test_lines_of_several_people_days_apart_are_told_apart(shop: Shop) -> None:
    content = rows("1,a,2024-01-05,x,1,10", "1,b,2024-01-08,x,1,20", head="order_id,customer_id,date,sku,qty,price")
    with pytest.raises(NeedsDecision, match="same_number_lines"):
        shop.import_text("lines", content)
    shop.import_text("lines", content, accept_defaults=True)
    assert orders(shop) == [("a", Decimal(10)), ("b", Decimal(20))]


def test_a_return_in_a_later_file_does_not_take_the_place_of_its_sale(shop: Shop) -> None:
    shop.import_text("orders", rows("1,a,2024-01-05,10"), "1.csv")
    shop.import_text("orders", rows("1,a,2024-01-09,-4"), "2.csv")
    assert shop.rows("orders", "order_id", "amount") == [("1", Decimal(10)), ("1-return", Decimal(-4))]


def test_a_return_under_the_shops_account_is_of_the_buyer_of_its_sale(shop: Shop) -> None:
    content = rows("T1,a,2024-01-05,10,", "T2,shop,2024-01-09,-4,T1", head=f"{HEAD},original order id")
    result = shop.import_text("orders", content)
    assert orders(shop) == [("a", Decimal(-4)), ("a", Decimal(10))]
    assert [(notice.code, notice.count) for notice in result.notices] == [("returns_of_buyers", 1)]


def test_one_amount_under_several_statuses_is_one_order_on_its_way(shop: Shop) -> None:
    content = rows(
        "1,a,2024-01-05,10,paid", "1,a,2024-01-05,10,refunded", "2,b,2024-01-05,7,paid", head=f"{HEAD},status"
    )
    shop.import_text("orders", content, accept_defaults=True)
    assert shop.rows("orders", "order_id", "amount", "refund") == [
        ("1", Decimal(10), Decimal(10)), ("2", Decimal(7), Decimal(0)),
    ]  # fmt: skip


def test_tills_without_customers_that_start_again_each_day_are_told_apart(shop: Shop) -> None:
    shop.import_text("orders", rows(*(f"{n},散客,2024-01-0{day},1{n}" for n in (1, 2, 3) for day in (5, 6))))
    assert len(orders(shop)) == 6
