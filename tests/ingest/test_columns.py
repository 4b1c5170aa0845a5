from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import OpenShop, Shop

from custrata.ingest import Mapping, NeedsDecision, recognise
from custrata.ingest.columns import zone_of_header
from custrata.ingest.recognise import MissingColumns, MissingColumnsProposed

HEAD = "order_id,customer_id,ordered_at,amount"


def rows(*cells: str, head: str = HEAD) -> str:
    return "\n".join([head, *cells]) + "\n"


def codes(result: object) -> list[str]:
    return [notice.code for notice in result.notices]  # type: ignore[attr-defined]  # of either reading


def times(shop: Shop) -> list[str]:
    return [f"{at:%m-%d %H:%M:%S}" for (at,) in shop.rows("orders", "ordered_at")]


def test_a_day_and_a_time_in_two_columns_are_joined(shop: Shop) -> None:
    content = rows(
        "1,a,2024-03-05,15:05:22,10", "2,a,2024-03-06,09:00:01,10", head="Order ID,Customer ID,Date,Time,Total"
    )
    assert codes(shop.import_text("orders", content)) == ["time_joined"]
    assert times(shop) == ["03-05 07:05:22", "03-06 01:00:01"]


def test_a_zone_in_a_column_of_its_own_counts(shop: Shop) -> None:
    content = rows("1,a,25/03/2024,10:00:00,PST,10", "2,a,26/03/2024,10:00:00,PDT,5",
                   head="Order ID,Customer ID,Date,Time,TimeZone,Total")  # fmt: skip
    shop.import_text("orders", content)
    assert times(shop) == ["03-25 18:00:00", "03-26 17:00:00"]


def test_a_mapping_may_leave_the_time_of_day_aside(shop: Shop) -> None:
    columns = {"Order ID": "order_id", "Customer ID": "customer_id", "Date": "ordered_at", "Total": "amount"}
    content = rows("1,a,2024-03-05,15:05,10", head="Order ID,Customer ID,Date,Time,Total")
    shop.import_text("orders", content, mapping=Mapping("orders", {**columns, "Time": "property"}))
    assert times(shop) == ["03-04 16:00:00"]


@pytest.mark.parametrize(
    ("header", "zone"),
    [("Created (UTC)", "UTC"), ("时间(GMT+8)", "Etc/GMT-8"), ("Date PST", "America/Los_Angeles"),
     ("下单时间（北京时间）", "Asia/Shanghai"), ("at (Europe/Berlin)", "Europe/Berlin"),
     ("Time UTC+05:30", "Asia/Kolkata"),
     ("Date/Time", None), ("Last modified", None), ("下单时间", None)],
)  # fmt: skip
def test_a_header_may_name_its_zone(header: str, zone: str | None) -> None:
    assert zone_of_header(header) == zone


def test_times_are_of_the_zone_their_header_names(shop: Shop) -> None:
    result = shop.import_text(
        "orders", rows("1,a,2024-03-05 20:00:00,7", head="order_id,customer_id,Created at (UTC),amount")
    )
    assert (times(shop), codes(result)) == (["03-05 20:00:00"], ["zone_of_header"])


def test_a_mapping_may_name_the_zone_of_a_column(shop: Shop) -> None:
    mapping = Mapping("orders", {name: name for name in HEAD.split(",")}, zones={"ordered_at": "America/New_York"})
    shop.import_text("orders", rows("1,a,2024-03-05 20:00:00,7"), mapping=Mapping.from_toml(mapping.to_toml()))
    assert times(shop) == ["03-06 01:00:00"]


def test_the_amount_is_the_one_before_fees(shop: Shop) -> None:
    content = rows("1,a,2024-03-05,100.00,-3.20,96.80", head="order_id,customer_id,date,Gross,Fee,Net")
    assert codes(shop.import_text("orders", content)) == ["before_fees"]
    assert shop.rows("orders", "amount", "discount") == [(Decimal(100), None)]


def test_two_columns_of_one_name_are_asked_about(shop: Shop) -> None:
    content = rows("A1,M1,2024-03-05,100.00,10.00,90.00", "A2,M2,2024-03-06,50.00,0.00,50.00",
                   head="订单号,会员号,下单时间,金额,优惠,金额")  # fmt: skip
    with pytest.raises(NeedsDecision, match=r"same_header\.金额: .*金额: 100.00, 50.00; 金额_2: 90.00, 50.00"):
        shop.import_text("orders", content)
    shop.import_text("orders", content, accept_defaults=True)
    assert shop.rows("orders", "amount") == [(Decimal(50),), (Decimal(90),)]


def test_two_columns_of_one_name_that_say_the_same_are_no_question(shop: Shop) -> None:
    content = rows("A1,M1,2024-03-05,100.00,100.00", head="订单号,会员号,下单时间,金额,金额")
    assert shop.import_text("orders", content).accepted == 1


@pytest.mark.parametrize(
    ("header", "cell", "discount"),
    [("折扣", "0.8", 20), ("折扣", "8.5折", 15), ("Discount", "20%", 20), ("Discount %", "20", 20),
     *(pytest.param(*case, marks=pytest.mark.deep)
       for case in [("折扣率", "80%", 20), ("discount rate", "0.2", 20), ("优惠比例", "0.2", 20)])],
)  # fmt: skip
def test_a_rate_becomes_money_where_the_amount_before_it_is_known(
    shop: Shop, header: str, cell: str, discount: int
) -> None:
    shop.import_text("orders", rows(f"1,a,2024-01-05,100,{cell}", head=f"order_id,customer_id,date,subtotal,{header}"))
    assert shop.rows("orders", "amount", "discount") == [(Decimal(100 - discount), Decimal(discount))]


def test_a_rate_stays_a_property_where_the_amount_before_it_is_unknown(shop: Shop) -> None:
    content = rows(
        "A1,M1,2024-03-05,80.00,0.8", "A2,M1,2024-03-06,100.00,1", head="订单号,会员号,下单时间,实付金额,折扣"
    )
    assert codes(shop.import_text("orders", content)) == ["discount_rate_property"]
    assert shop.rows("orders", "discount") == [(None,), (None,)]


def test_the_rate_of_a_line_is_taken_off_its_price(shop: Shop) -> None:
    content = rows("1,a,2024-01-05,x,2,10,0.15", head="order_id,customer_id,date,sku,Quantity,UnitPrice,Discount")
    shop.import_text("lines", content)
    assert shop.rows("order_lines", "discount", "amount") == [(Decimal(3), Decimal(17))]


def test_a_discount_in_money_stays_money(shop: Shop) -> None:
    shop.import_text("orders", rows("1,a,2024-01-05,9,0.50", "2,a,2024-01-06,9,1.50", head=f"{HEAD},优惠"))
    assert shop.rows("orders", "discount") == [(Decimal("0.50"),), (Decimal("1.50"),)]


def test_a_status_is_recognised_by_what_it_says(shop: Shop) -> None:
    content = rows("1,a,2024-01-05,9,已发货", "2,a,2024-01-06,9,交易关闭", head=f"{HEAD},zt")
    assert codes(shop.import_text("orders", content)) == ["status_by_content"]
    assert shop.rows("orders", "status") == [("cancelled",), ("completed",)]


def test_whether_somebody_is_new_is_no_status(shop: Shop) -> None:
    content = rows("1,a,2024-01-05,9,new", "2,a,2024-01-06,9,returning", head=f"{HEAD},customer type")
    assert recognise(shop.file(content), "orders").columns["customer type"] == "property"


def test_the_mapping_that_a_refusal_proposes_can_be_given_as_it_stands(shop: Shop) -> None:
    content = rows("1,a,10,2024-01-05", "2,b,20,2024-01-06", head="order_id,who,amount,am")
    with pytest.raises(MissingColumnsProposed) as raised:
        shop.import_text("orders", content)
    proposed = Mapping.from_toml(str(raised.value).partition("--mapping:\n")[2])
    assert shop.import_text("orders", content, mapping=proposed).accepted == 2


def test_nothing_is_proposed_that_makes_no_sense(shop: Shop) -> None:
    content = rows("1,a,2024-01-05,10:15", "2,a,2024-01-06,11:20", head="order_id,customer_id,date,Time")
    with pytest.raises(MissingColumns) as raised:
        shop.import_text("orders", content)
    assert not isinstance(raised.value, MissingColumnsProposed)


@pytest.mark.parametrize(
    "head",
    ["Auftragsnummer;Kunden-Nr.;Auftragsdatum;Gesamtbetrag", "Numéro de commande;Client;Date de commande;Montant total",
     "Número de pedido;Cliente;Fecha;Importe", "注文番号;顧客番号;注文日;合計金額",
     "订单号;下单帐号;下单时间;订单金额"],
)  # fmt: skip
def test_headers_of_several_languages_are_recognised(open_shop: OpenShop, head: str) -> None:
    shop = open_shop(currency="EUR", timezone="Europe/Berlin")
    shop.import_text("orders", f"{head}\n1;K1;05.03.2024;10,00\n2;K1;25.03.2024;1.020,00\n")
    assert shop.rows("orders", "customer_id", "amount") == [("K1", Decimal(10)), ("K1", Decimal(1020))]


@pytest.mark.parametrize(
    ("head", "who"),
    [("客户,日期,金额", "张三"), ("手机号,消费日期,消费金额", "13800138000"), ("E-Mail,date,total", "a@x.com")],
)
def test_a_contact_tells_customers_apart_where_they_have_no_number(shop: Shop, head: str, who: str) -> None:
    result = shop.import_text("orders", rows(f"{who},2024-01-05,10", f"{who},2024-01-06,20", head=head))
    assert shop.rows("orders", "customer_id") == [(who,), (who,)]
    assert codes(result) == ["customer_by_contact", "numbers_by_content"]


def test_a_second_instant_is_no_time_of_day(shop: Shop) -> None:
    content = rows("1,a,2024-01-05 10:00,2024-01-05 10:05,9", head="order_id,customer_id,下单时间,付款时间,amount")
    columns = {"order_id": "order_id", "customer_id": "customer_id", "下单时间": "ordered_at", "付款时间": "order_time",
               "amount": "amount"}  # fmt: skip
    shop.import_text("orders", content, mapping=Mapping("orders", columns))
    assert times(shop) == ["01-05 02:00:00"]
