from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import Mapping

HEAD = "order_id,customer_id,ordered_at,sku,qty,price,status"


def lines(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def orders(shop: Shop) -> list[tuple[str, str, Decimal]]:
    """Every order's number, status and worth."""
    rows = shop.rows("orders", "order_id", "status", "amount", "refund")
    return [(number, status, amount - refund) for number, status, amount, refund in rows]


@pytest.mark.parametrize(
    ("word", "status", "worth"),
    [("refunded", "refunded", 0), ("voided", "cancelled", 20), ("pending", "pending", 20), ("paid", "completed", 20)],
)
def test_an_order_has_the_status_of_its_lines(shop: Shop, word: str, status: str, worth: int) -> None:
    shop.import_text("lines", lines(f"1,a,2024-01-05,x,2,10,{word}"))
    assert orders(shop) == [("1", status, Decimal(worth))]


def test_rows_without_a_status_follow_their_order(shop: Shop) -> None:
    result = shop.import_text(
        "lines", lines("1,a,2024-01-05,x,2,10,refunded", "1,,,y,1,30,", "2,b,2024-01-05,x,1,7,paid")
    )
    assert orders(shop) == [("1", "refunded", Decimal(0)), ("2", "completed", Decimal(7))]
    assert ("status_follows", 1, "1") in [(notice.code, notice.count, notice.example) for notice in result.notices]


def test_a_line_given_back_is_taken_off_its_order(shop: Shop) -> None:
    shop.import_text("lines", lines("1,a,2024-01-05,x,2,10,paid", "1,a,2024-01-05,y,1,5,refunded"))
    assert orders(shop) == [("1", "completed", Decimal(20))]


def test_a_cancelled_line_of_an_order_that_went_ahead_is_left_out(shop: Shop) -> None:
    result = shop.import_text("lines", lines("1,a,2024-01-05,x,2,10,paid", "1,a,2024-01-05,y,1,5,cancelled"))
    assert (orders(shop), result.quality.left_out) == ([("1", "completed", Decimal(20))], 1)
    assert [notice.code for notice in result.notices] == ["unsold_lines"]


def test_what_was_never_sold_needs_no_price(shop: Shop) -> None:
    result = shop.import_text("lines", lines("1,a,2024-01-05,x,0,,cancelled", "2,a,2024-01-05,x,,,pending"))
    assert (result.rejected, orders(shop)) == (0, [("1", "cancelled", Decimal(0)), ("2", "pending", Decimal(0))])


def test_the_refunds_of_lines_are_taken_off_their_order(shop: Shop) -> None:
    shop.import_text("lines", lines("1,a,2024-01-05,x,3,10,partially_refunded,12", head=f"{HEAD},refunded amount"))
    assert orders(shop) == [("1", "completed", Decimal(18))]


def test_figures_count_no_order_that_was_cancelled(shop: Shop) -> None:
    figures = shop.import_text("lines", lines("1,a,2024-01-05,x,2,10,cancelled")).quality.figures
    assert (figures["orders"], figures["uncounted_orders"]) == (0, 1)


def test_a_platforms_lines_by_a_mapping_of_their_own(shop: Shop) -> None:
    head = "Name,Email,Financial Status,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount"
    rows = ["#1,a@x.com,paid,2024-03-05 10:00:00 -0500,2,Tea,10,0", "#1,,,,1,Salt,30,",
            "#2,b@x.com,refunded,2024-03-06 10:00:00 -0500,1,Tea,10,16",
            "#3,c@x.com,voided,2024-03-07 10:00:00 -0500,1,Tea,10,0"]  # fmt: skip
    columns = {"Name": "order_id", "Email": "customer_id", "Financial Status": "status", "Created at": "ordered_at",
               "Lineitem quantity": "quantity", "Lineitem name": "product_name",
               "Lineitem price": "unit_price"}  # fmt: skip
    shop.import_text("lines", lines(*rows, head=head), mapping=Mapping("lines", columns))
    assert orders(shop) == [("#1", "completed", Decimal(50)), ("#2", "refunded", Decimal(0)),
                            ("#3", "cancelled", Decimal(10))]  # fmt: skip
