from __future__ import annotations

from decimal import Decimal

from tests.ingest.conftest import Shop

HEAD = "order_id,customer_id,ordered_at,sku,qty,price"
ORDERS = "order_id,customer_id,ordered_at,amount"


def lines(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def test_orders_are_the_sum_of_their_lines(shop: Shop) -> None:
    shop.import_text(
        "lines", lines("1,a,2024-01-05 10:00:00,x,2,10.25", "1,a,2024-01-05 09:00:00,y,1,0.50", "2,b,2024-02-01,x,1,3")
    )
    orders = shop.rows("orders", "order_id", "customer_id", "kind", "status", "amount", "refund")
    assert orders == [
        ("1", "a", "sale", "completed", Decimal(21), Decimal(0)),
        ("2", "b", "sale", "completed", Decimal(3), Decimal(0)),
    ]
    assert [f"{at:%d %H:%M}" for (at,) in shop.rows("orders", "ordered_at")] == ["31 16:00", "05 01:00"]


def test_a_line_is_quantity_times_price_less_discount_rounded_half_up(shop: Shop) -> None:
    amounts = {"3,0.335,": "1.01", "1,0.125,": "0.13", "-1,0.125,": "-0.13", "2,10,5": "15", "-2,10,5": "-15"}
    rows = (f"{number},a,2024-01-05,x,{cells}" for number, cells in enumerate(amounts))
    shop.import_text("lines", lines(*rows, head=f"{HEAD},discount"))
    assert [amount for _, amount in shop.rows("order_lines", "order_id", "amount")] == [*map(Decimal, amounts.values())]


def test_the_amount_a_file_gives_counts(shop: Shop) -> None:
    result = shop.import_text("lines", lines("1,a,2024-01-05,x,2,10,19", "1,a,2024-01-05,y,1,1,1", head=f"{HEAD},小计"))
    assert shop.rows("orders", "amount") == [(Decimal(20),)]
    assert result.quality.figures["differing_lines"] == 1


def test_lines_are_numbered_by_product_and_count(shop: Shop) -> None:
    rows = [f"1,a,2024-01-05,{sku},1,1" for sku in ("x", "y", "x")]
    shop.import_text("lines", lines(*rows, "2,a,2024-01-05,x,1,1"))
    assert shop.rows("order_lines", "order_id", "line_id") == [("1", "x#1"), ("1", "x#2"), ("1", "y#1"), ("2", "x#1")]


def test_a_file_may_number_its_lines_itself(shop: Shop) -> None:
    shop.import_text("lines", lines("1,a,2024-01-05,x,1,1,10", "1,a,2024-01-05,x,1,1,20", head=f"{HEAD},行号"))
    assert shop.rows("order_lines", "line_id") == [("10",), ("20",)]


def test_importing_the_same_lines_in_another_file_changes_nothing(shop: Shop) -> None:
    content = lines("1,a,2024-01-05,x,2,10", "1,a,2024-01-05,x,1,10")
    shop.import_text("lines", content)
    again = shop.import_text("lines", content + "\n", "copy.csv")
    assert {table: (m.added, m.updated) for table, m in again.merged.items()} == {
        "order_lines": (0, 0),
        "orders": (0, 0),
    }


def test_part_files_add_up(shop: Shop) -> None:
    shop.import_text("lines", lines("1,a,2024-01-05,x,2,10"), "1.csv")
    shop.import_text("lines", lines("1,a,2024-01-04,y,1,5"), "2.csv")
    assert shop.rows("orders", "amount") == [(Decimal(25),)]
    assert f"{shop.rows('orders', 'ordered_at')[0][0]:%m-%d}" == "01-03"


def test_a_line_last_updated_stays_in_the_sum(shop: Shop) -> None:
    shop.import_text("lines", lines("1,a,2024-01-05,x,2,10,2024-03-01", head=f"{HEAD},updated_at"), "1.csv")
    shop.import_text("lines", lines("1,a,2024-01-05,x,9,10,2024-02-01", head=f"{HEAD},updated_at"), "2.csv")
    assert shop.rows("orders", "amount") == [(Decimal(20),)]


def test_returns_are_told_by_their_number_or_by_their_sum(shop: Shop) -> None:
    shop.import_text(
        "lines",
        lines("C7,a,2024-01-05,x,-1,10", "8,a,2024-01-05,x,-1,3", "C9,a,2024-01-05,x,-1,0", "10,,2024-01-05,x,-4,0"),
    )
    assert shop.rows("orders", "order_id", "kind", "amount") == [
        ("10", "sale", Decimal(0)),
        ("8", "return", Decimal(-3)),
        ("C7", "return", Decimal(-10)),
        ("C9", "return", Decimal(0)),
    ]


def test_lines_without_customer_are_sales_without_customer(shop: Shop) -> None:
    result = shop.import_text("lines", lines("1,,2024-01-05,x,1,10", "2,a,2024-01-05,x,1,5"))
    assert shop.rows("orders", "order_id", "customer_id") == [("1", None), ("2", "a")]
    figures = result.quality.figures
    assert (figures["anonymous_lines"], figures["sales"], figures["anonymous_sales"]) == (1, Decimal(5), Decimal(10))


def test_lines_of_a_second_customer_go_to_quarantine(shop: Shop) -> None:
    result = shop.import_text("lines", lines("1,a,2024-01-05,x,1,10", "1,b,2024-01-05,y,1,5", "1,,2024-01-05,z,1,1"))
    assert result.quality.reasons == {"other_customer": 1}
    assert shop.quarantine(result)[1].startswith(
        "1,b,2024-01-05,y,1,5,3,customer_id,b,the order belongs to another customer"
    )
    assert shop.rows("orders", "customer_id", "amount") == [("a", Decimal(11))]


def test_an_order_of_an_orders_file_keeps_what_it_says(shop: Shop) -> None:
    shop.import_text("orders", f"{ORDERS}\n1,a,2024-01-05,99\n")
    shop.import_text("lines", lines("1,a,2024-01-05,x,1,10", "2,a,2024-01-05,x,1,10"))
    assert shop.rows("orders", "order_id", "amount") == [("1", Decimal(99)), ("2", Decimal(10))]


def test_orders_that_come_after_their_lines_take_their_place(shop: Shop) -> None:
    shop.import_text("lines", lines("1,a,2024-01-05,x,1,10,2025-01-01", head=f"{HEAD},updated_at"))
    shop.import_text("orders", f"{ORDERS}\n1,a,2024-01-05,99\n")
    assert shop.rows("orders", "amount") == [(Decimal(99),)]


BARE = "order_id,sku,qty,price"


def test_bare_lines_take_customer_and_time_from_their_order(shop: Shop) -> None:
    shop.import_text("orders", f"{ORDERS}\n1,a,2024-01-05,99\n")
    shop.import_text("lines", lines("1,x,1,10", head=BARE))
    assert [row[0] for row in shop.rows("order_lines", "customer_id")] == ["a"]
    assert shop.rows("order_lines", "ordered_at") == shop.rows("orders", "ordered_at")


def test_bare_lines_wait_in_quarantine_for_their_order(shop: Shop) -> None:
    content = lines("1,x,1,10", head=BARE)
    first = shop.import_text("lines", content)
    assert (first.accepted, first.quality.reasons) == (0, {"no_such_order": 1})
    shop.import_text("orders", f"{ORDERS}\n1,a,2024-01-05,99\n", "orders.csv")
    assert shop.import_text("lines", content).accepted == 1


def test_lines_tell_of_products_and_the_latest_word_counts(shop: Shop) -> None:
    rows = ["1,a,2024-01-05,x,1,10,Tea", "2,a,2024-03-05,x,1,10,Green tea", "3,,2024-04-01,x,-1,0,damaged?"]
    shop.import_text("lines", lines(*rows, head=f"{HEAD},description"))
    assert shop.rows("products", "product_id", "name") == [("x", "Green tea")]


def test_what_a_products_file_says_stays(shop: Shop) -> None:
    shop.import_text("products", "sku,name\nx,The tea\n")
    shop.import_text("lines", lines("1,a,2024-01-05,x,1,10,Tea,Drinks", head=f"{HEAD},description,category"))
    assert shop.rows("products", "name", "category") == [("The tea", "Drinks")]


def test_a_mended_line_is_the_line_it_was(shop: Shop) -> None:
    result = shop.import_text(
        "lines", lines("1,a,2024-01-05,x,1,10", "1,a,2024-01-05,x,many,10", "1,a,2024-01-05,x,3,10")
    )
    mended = "\n".join(shop.quarantine(result)).replace(",x,many,", ",x,2,")
    assert shop.import_text("lines", mended, "mended.csv").accepted == 1
    assert shop.rows("order_lines", "line_id", "quantity") == [
        ("x#1", Decimal(1)),
        ("x#2", Decimal(2)),
        ("x#3", Decimal(3)),
    ]
    assert shop.rows("orders", "amount") == [(Decimal(60),)]


def test_an_amount_beyond_all_bounds_goes_to_quarantine(shop: Shop) -> None:
    result = shop.import_text("lines", lines("1,a,2024-01-05,x,900000000000,90000000", "2,a,2024-01-05,x,1,1"))
    assert result.quality.reasons == {"too_large": 1}
