from __future__ import annotations

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import recognise
from custrata.ingest.fields import UnknownKind
from custrata.ingest.recognise import AmbiguousColumns, LooksLikeLines, LooksLikeOrders, MissingColumns

RETAIL = (
    "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    "536365,85123A,WHITE HANGING HEART,6,12/1/2010 08:26,2.55,17850,United Kingdom\n"
    "536365,71053,WHITE METAL LANTERN,6,12/13/2010 08:26,3.39,17850,United Kingdom\n"
)


def columns(shop: Shop, kind: str, header: str, *rows: str) -> dict[str, str]:
    """The mapping of a file, without the properties."""
    mapping = recognise(shop.file("\n".join([header, *rows]) + "\n"), kind)
    return {name: column for column, name in mapping.columns.items() if name != "property"}


def test_recognises_all_columns_of_an_english_lines_file(shop: Shop) -> None:
    mapping = recognise(shop.file(RETAIL), "lines")
    assert list(mapping.columns.values()) == [
        "order_id", "product_id", "product_name", "quantity", "ordered_at", "unit_price", "customer_id", "country",
    ]  # fmt: skip
    assert (mapping.date_order, mapping.date_format) == ("month-first", "%m/%d/%Y %H:%M")


def test_recognises_a_chinese_lines_file(shop: Shop) -> None:
    recognised = columns(
        shop, "lines", "订单编号,会员号,下单时间,商品编码,品名,数量,单价(元),优惠,手机号,渠道,门店",
        "1,a,2024-01-05,x,茶,2,10.5,1,13800138000,天猫,徐汇店",
    )  # fmt: skip
    assert set(recognised) == {
        "order_id", "customer_id", "ordered_at", "product_id", "product_name", "quantity", "unit_price", "discount",
        "phone", "channel", "store",
    }  # fmt: skip


@pytest.mark.parametrize("header", ["Order ID", "order_id", "ORDER-ID", "訂單號", "订单号（单）", "ｏｒｄｅｒ　ｉｄ"])
def test_reads_a_header_whatever_its_dress(shop: Shop, header: str) -> None:
    assert columns(shop, "orders", f"{header},customer,date,amount", "1,a,2024-01-05,1")["order_id"]


def test_takes_the_paid_amount_before_the_order_amount(shop: Shop) -> None:
    header = "订单号,客户编号,日期,订单金额,实付金额"
    assert columns(shop, "orders", header, "1,a,2024-01-05,10,8")["amount"] == "实付金额"


def test_content_decides_between_two_columns_of_one_name(shop: Shop) -> None:
    header = "order_id,customer_id,date,order date,amount"
    assert columns(shop, "orders", header, "1,a,morning,2024-01-05,10")["ordered_at"] == "order date"


def test_tells_of_two_columns_nobody_can_choose_between(shop: Shop) -> None:
    with pytest.raises(AmbiguousColumns, match="Order ID, order_id"):
        columns(shop, "orders", "Order ID,order_id,customer,date,amount", "1,2,a,2024-01-05,10")


def test_a_state_that_is_no_status_is_a_province(shop: Shop) -> None:
    recognised = columns(shop, "orders", "order_id,customer_id,date,amount,state", "1,a,2024-01-05,10,CA")
    assert recognised["province"] == "state"


def test_content_tells_what_headers_do_not(shop: Shop) -> None:
    rows = [f"X{n},U{n % 7},2024-01-{n % 28 + 1:02},{n}.50,138001380{n:02},p{n}@x.cn" for n in range(40)]
    assert columns(shop, "orders", "h1,h2,h3,h4,h5,h6", *rows) == {
        "order_id": "h1", "customer_id": "h2", "ordered_at": "h3", "amount": "h4", "phone": "h5", "email": "h6",
    }  # fmt: skip


def test_names_what_is_missing(shop: Shop) -> None:
    with pytest.raises(MissingColumns, match="no column for customer_id, ordered_at"):
        columns(shop, "orders", "order_id,who,amount", "1,a,10")


def test_sends_lines_that_come_as_orders_to_their_own_command(shop: Shop) -> None:
    with pytest.raises(LooksLikeLines, match="import lines"):
        recognise(shop.file(RETAIL), "orders")


def test_sends_orders_that_come_as_lines_to_their_own_command(shop: Shop) -> None:
    with pytest.raises(LooksLikeOrders, match="import orders"):
        columns(shop, "lines", "order_id,customer_id,date,amount", "1,a,2024-01-05,10", "2,a,2024-01-06,10")


def test_orders_of_one_line_each_are_orders(shop: Shop) -> None:
    header = "order_id,customer_id,date,amount,sku,qty"
    assert columns(shop, "orders", header, "1,a,2024-01-05,10,x,1", "2,a,2024-01-06,10,y,1")["amount"] == "amount"


def test_recognises_customers(shop: Shop) -> None:
    recognised = columns(
        shop, "customers", "会员编号,姓名,性别,生日,手机号码,电子邮箱,省份,城市,注册时间",
        "1,王小明,男,1990-05-20,13800138000,a@x.cn,上海,上海,2020-01-01",
    )  # fmt: skip
    assert set(recognised) == {
        "customer_id", "name", "gender", "birthday", "phone", "email", "province", "city", "registered_at",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "header", "row", "fields"),
    [
        ("products", "SKU,商品名称,类目,品牌,吊牌价", "x,茶,饮料,山,10",
         {"product_id", "name", "category", "brand", "list_price"}),
        ("events", "user_id,event,timestamp,channel", "a,login,2024-01-05 10:00:00,app",
         {"customer_id", "name", "occurred_at", "channel"}),
        ("feedback", "客户编号,评价时间,类型,评分,评价内容", "a,2024-01-05,投诉,1,不好",
         {"customer_id", "given_at", "kind", "score", "text"}),
    ],
)  # fmt: skip
def test_recognises_the_other_kinds(shop: Shop, kind: str, header: str, row: str, fields: set[str]) -> None:
    assert set(columns(shop, kind, header, row)) == fields


def test_a_score_called_nps_says_what_kind_of_feedback_it_is(shop: Shop) -> None:
    mapping = recognise(shop.file("customer_id,date,NPS\na,2024-01-05,9\n"), "feedback")
    assert mapping.constants == {"kind": "nps"}


def test_knows_six_kinds_of_file(shop: Shop) -> None:
    with pytest.raises(UnknownKind):
        recognise(shop.file(RETAIL), "invoices")
