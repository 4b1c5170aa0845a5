from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import OpenShop, Shop

from custrata.ingest import Mapping
from custrata.ingest.mapping import BadMapping, MappingDoesNotFit
from custrata.ingest.recognise import LooksLikeLines

SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount,Source,Cancelled at\n"
    "#1,ann@example.org,paid,,fulfilled,USD,95,5,0,100.00,,0,2024-03-05 10:00:00 -0500,2,Tea,30,0,web,\n"
    "#1,,,,,,,,,,,,,1,Salt,35,,,\n"
    "#2,ann@example.org,partially_refunded,,fulfilled,USD,30,0,0,30.00,,0,2024-03-06 10:00:00 -0500,1,Tea,30,20,web,\n"
    "#3,bo@example.org,paid,,fulfilled,USD,30,0,0,30.00,,0,2024-03-07 10:00:00 -0500,1,Tea,30,0,web,\n"
    "#4,cy@example.org,paid,,,USD,9,0,0,9.00,,0,2024-03-07 10:00:00 -0500,1,Tea,9,0,web,2024-03-08 10:00:00 -0500\n"
)
PAYPAL = (
    "Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,Transaction ID,Reference Txn ID\n"
    "05/03/2024,10:00:00,PST,A B,Website Payment,Completed,USD,100.00,-3.20,96.80,a@example.com,T1,\n"
    "25/03/2024,11:00:00,PDT,A B,Payment Refund,Completed,USD,-20.00,0.60,-19.40,shop@example.com,T2,T1\n"
    "26/03/2024,12:00:00,PDT,,General Withdrawal,Completed,USD,-70.00,0.00,-70.00,shop@example.com,T3,\n"
    "27/03/2024,12:00:00,PDT,C D,Website Payment,Pending,USD,50.00,0.00,50.00,c@example.com,T4,\n"
)
AMAZON = (
    "amazon-order-id\tpurchase-date\tlast-updated-date\torder-status\tsales-channel\tproduct-name\tsku\titem-status\t"
    "quantity\tcurrency\titem-price\titem-tax\tshipping-price\titem-promotion-discount\tbuyer-email\n"
    "058-1\t2024-03-05T18:53:56+00:00\t2024-03-06T18:53:56+00:00\tShipped\tx\tTea\tS1\tShipped\t2\tUSD\t20\t1\t5\t2\tx1@m.example\n"
    "058-1\t2024-03-05T18:53:56+00:00\t2024-03-06T18:53:56+00:00\tShipped\tx\tSalt\tS2\tShipped\t1\tUSD\t30\t1\t0\t0\tx1@m.example\n"
    "058-2\t2024-03-07T18:53:56+00:00\t2024-03-08T18:53:56+00:00\tCancelled\tx\tTea\tS1\tCancelled\t0\tUSD\t\t\t\t\tx2@m.example\n"
)


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    """A shop in dollars."""
    return open_shop(currency="USD")


def orders(shop: Shop) -> list[tuple[str, str, str, Decimal]]:
    """Every order's number, customer, status and worth."""
    rows = shop.rows("orders", "order_id", "customer_id", "status", "amount", "refund")
    return [(number, customer, status, amount - refund) for number, customer, status, amount, refund in rows]


def test_shopify_orders_stand_once_and_their_further_rows_are_no_orders(shop: Shop) -> None:
    result = shop.import_text("orders", SHOPIFY)
    assert orders(shop) == [
        ("#1", "ann@example.org", "completed", Decimal(100)), ("#2", "ann@example.org", "refunded", Decimal(10)),
        ("#3", "bo@example.org", "completed", Decimal(30)), ("#4", "cy@example.org", "cancelled", Decimal(9)),
    ]  # fmt: skip
    assert (result.rejected, result.quality.left_out) == (0, 1)
    notices = [(n.code, n.count) for n in result.notices]
    assert notices == [("platform", 10), ("goes_on", 1), ("cancelled_at", 1)]


def test_shopify_lines_make_up_the_orders(shop: Shop) -> None:
    shop.import_text("lines", SHOPIFY)
    assert [worth for *_, worth in orders(shop)] == [Decimal(95), Decimal(10), Decimal(30), Decimal(9)]


def test_paypal_counts_what_was_paid_and_leaves_out_what_is_no_order(shop: Shop) -> None:
    result = shop.import_text("orders", PAYPAL)
    rows = shop.rows("orders", "order_id", "kind", "status", "amount", "discount", "returns_order_id")
    assert rows == [
        ("T1", "sale", "completed", Decimal(100), None, None), ("T2", "return", "completed", Decimal(-20), None, "T1"),
        ("T4", "sale", "pending", Decimal(50), None, None),
    ]  # fmt: skip
    assert ("left_out", 1, "General Withdrawal (1)") in [(n.code, n.count, n.example) for n in result.notices]


def test_amazon_prices_are_of_the_line(shop: Shop) -> None:
    shop.import_text("lines", AMAZON, "orders.txt")
    assert orders(shop) == [
        ("058-1", "x1@m.example", "completed", Decimal(48)), ("058-2", "x2@m.example", "cancelled", Decimal(0)),
    ]  # fmt: skip


def test_amazon_lines_are_no_orders(shop: Shop) -> None:
    with pytest.raises(LooksLikeLines):
        shop.import_text("orders", AMAZON, "orders.txt")


def test_expenses_of_a_statement_are_no_returns(open_shop: OpenShop) -> None:
    shop = open_shop(currency="CNY")
    content = ("交易时间,交易类型,交易对方,商品,收/支,金额(元),当前状态,交易单号\n"
               "2024-03-05 10:00:00,二维码收款,张三,茶,收入,¥10.00,已收钱,1001\n"
               "2024-03-06 10:00:00,商户消费,房东,租金,支出,¥500.00,支付成功,1002\n")  # fmt: skip
    result = shop.import_text("orders", content)
    assert (shop.rows("orders", "customer_id"), result.quality.left_out) == ([("张三",)], 1)


ROWS = "order_id,customer_id,ordered_at,amount,Art\n1,a,2024-01-05,10,Verkauf\n2,a,2024-01-06,-5,Umbuchung intern\n"
COLUMNS = {"order_id": "order_id", "customer_id": "customer_id", "ordered_at": "ordered_at", "amount": "amount"}


@pytest.mark.parametrize("rule", [{"Art": ["umbuchung*"]}, {"amount": ["< 0"]}, {"Art": ["x", "Umbuchung intern"]}])
def test_a_mapping_may_leave_rows_out(shop: Shop, rule: dict[str, list[str]]) -> None:
    mapping = Mapping.from_toml(Mapping("orders", COLUMNS, leave_out=rule).to_toml())
    result = shop.import_text("orders", ROWS, mapping=mapping)
    assert (result.accepted, result.rejected, result.quality.left_out) == (1, 0, 1)
    assert [notice.code for notice in result.notices] == ["left_out"]


def test_a_rule_for_a_column_that_is_not_there_does_not_fit(shop: Shop) -> None:
    with pytest.raises(MappingDoesNotFit, match="Typ"):
        shop.import_text("orders", ROWS, mapping=Mapping("orders", COLUMNS, leave_out={"Typ": ["x"]}))


def test_a_rule_is_a_list_of_texts() -> None:
    with pytest.raises(BadMapping, match="leave_out"):
        Mapping.from_toml('kind = "orders"\n[leave_out]\nArt = [1]\n')
