from __future__ import annotations

from decimal import Decimal

from tests.ingest.conftest import AT, Shop

HEAD = "order_id,customer_id,ordered_at,amount"


def test_imports_orders_with_all_they_say(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD},优惠,退款金额,渠道,门店\n1,a,2024-01-05,90,10,5,app,徐汇\n")
    columns = (
        "amount",
        "discount",
        "refund",
        "kind",
        "status",
        "channel",
        "store",
        "source",
        "import_id",
        "imported_at",
    )
    assert shop.rows("orders", *columns) == [
        (Decimal(90), Decimal(10), Decimal(5), "sale", "completed", "app", "徐汇", "file", result.import_id, AT)
    ]
    assert (result.merged["orders"].added, result.rows, result.accepted) == (1, 1, 1)


def test_a_negative_amount_is_a_return(shop: Shop) -> None:
    shop.import_text("orders", f"{HEAD}\nC123,a,2024-01-05,-5\n")
    assert shop.rows("orders", "kind", "amount") == [("return", Decimal(-5))]


def test_a_return_by_its_kind_has_a_negative_amount(shop: Shop) -> None:
    shop.import_text("orders", f"{HEAD},订单类型,原订单号\n2,a,2024-01-05,5,退货,1\n")
    assert shop.rows("orders", "kind", "amount", "returns_order_id") == [("return", Decimal(-5), "1")]


def test_reads_statuses_in_chinese_and_english(shop: Shop) -> None:
    words = ["已完成", "已取消", "待付款", "退款", "Paid", "CANCELLED", " shipped ", ""]
    shop.import_text("orders", f"{HEAD},status\n" + "".join(f"{n},a,2024-01-05,1,{w}\n" for n, w in enumerate(words)))
    assert [status for _, status in shop.rows("orders", "order_id", "status")] == [
        "completed", "cancelled", "pending", "refunded", "completed", "cancelled", "completed", "completed",
    ]  # fmt: skip


def test_an_order_refunded_without_a_sum_is_refunded_in_full(shop: Shop) -> None:
    shop.import_text("orders", f"{HEAD},status\n1,a,2024-01-05,8,已退款\n2,a,2024-01-05,8,paid\n")
    assert shop.rows("orders", "refund") == [(Decimal(0),), (Decimal(8),)]


def test_refunds_and_discounts_are_positive(shop: Shop) -> None:
    shop.import_text("orders", f"{HEAD},discount,refund\n1,a,2024-01-05,8,-2,(1.50)\n")
    assert shop.rows("orders", "discount", "refund") == [(Decimal(2), Decimal("1.50"))]


def test_an_amount_before_discount_becomes_the_net_one(shop: Shop) -> None:
    shop.import_text("orders", "order_id,customer_id,ordered_at,subtotal,discount\n1,a,2024-01-05,10,2.50\n")
    assert shop.rows("orders", "amount", "discount") == [(Decimal("7.50"), Decimal("2.50"))]


def test_an_order_without_customer_is_an_anonymous_sale(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\n1,,2024-01-05,8\n2,NULL,2024-01-05,1\n")
    assert shop.rows("orders", "customer_id") == [(None,), (None,)]
    assert result.quality.figures["anonymous_sales"] == Decimal(9)


def test_unknown_columns_become_properties_where_they_say_something(shop: Shop) -> None:
    shop.import_text("orders", f"{HEAD},Colour,备注\n1,a,2024-01-05,8, red ,\n2,a,2024-01-05,8,,\n")
    assert shop.rows("orders", "properties") == [(None,), ({"Colour": "red"},)]


def test_ids_lose_the_wrappings_of_spreadsheets(shop: Shop) -> None:
    shop.import_text("orders", f'{HEAD}\n"=""0012""",17850.0,2024-01-05,8\n\'0013\t,17851.0,2024-01-05,1\n')
    assert shop.rows("orders", "order_id", "customer_id") == [("0012", "17850"), ("0013", "17851")]


def test_a_later_row_of_the_same_order_counts_where_that_was_decided(shop: Shop) -> None:
    content = f"{HEAD}\n1,a,2024-01-05,8\n1,a,2024-01-05,9\n1,a,2024-01-05,9\n2,a,2024-01-05,1\n"
    result = shop.import_text("orders", content, decisions={"same_number": "last"})
    assert shop.rows("orders", "order_id", "amount") == [("1", Decimal(9)), ("2", Decimal(1))]
    assert (result.superseded, result.quality.repeats, result.accepted) == (1, 1, 4)


def test_of_two_rows_of_one_order_the_last_updated_counts(shop: Shop) -> None:
    rows = "1,a,2024-01-05,8,2024-03-01\n1,a,2024-01-05,9,2024-02-01\n1,a,2024-01-05,7,\n"
    shop.import_text("orders", f"{HEAD},更新时间\n{rows}")
    assert shop.rows("orders", "amount") == [(Decimal(8),)]


def test_required_cells_that_are_empty_go_to_quarantine(shop: Shop) -> None:
    content = f"{HEAD}\n,a,2024-01-05,8\n2,a,,8\n3,a,2024-01-05,\n4,a,2024-01-05,1\n"
    result = shop.import_text("orders", content)
    assert (result.accepted, result.quality.reasons) == (1, {"missing": 3})


def test_customers_that_orders_tell_of_become_records(shop: Shop) -> None:
    rows = ["1,a,2024-03-01,1,,上海", "2,a,2024-01-05,1,138 0013 8000,北京", "3,b,2024-01-05,1,12,"]
    result = shop.import_text("orders", f"{HEAD},手机号,城市\n" + "\n".join(rows) + "\n")
    assert shop.rows("customer_records", "source", "customer_id", "phone", "city", "properties") == [
        ("orders", "a", "+8613800138000", "上海", None), ("orders", "b", None, None, {"手机号": "12"}),
    ]  # fmt: skip
    assert result.quality.invalid == {"手机号": 1}


def test_a_later_file_adds_to_what_orders_told_of_a_customer(shop: Shop) -> None:
    shop.import_text("orders", f"{HEAD},phone\n1,a,2024-03-01,1,13800138000\n")
    shop.import_text("orders", f"{HEAD},city\n2,a,2024-04-01,1,上海\n")
    shop.import_text("orders", f"{HEAD},city\n3,a,2024-02-01,1,北京\n")
    assert shop.rows("customer_records", "phone", "city") == [("+8613800138000", "上海")]
