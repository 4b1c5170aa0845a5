from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from tests.ingest.conftest import OpenShop, Shop

PEOPLE = "会员编号,姓名,性别,生日,手机号码,电子邮箱,注册时间,等级\n"


def test_imports_customers_normalised(shop: Shop) -> None:
    shop.import_text(
        "customers", PEOPLE + "a,王小明,男,1990-05-20,138-0013-8000, A@X.CN ,2020-01-01,金\n", source="crm"
    )
    columns = ("source", "source_id", "customer_id", "name", "gender", "birthday", "phone", "email", "properties")
    assert shop.rows("customer_records", *columns) == [
        ("crm", "a", "a", "王小明", "male", date(1990, 5, 20), "+8613800138000", "a@x.cn", {"等级": "金"})
    ]


def test_what_is_no_phone_mail_birthday_or_gender_is_kept_aside(shop: Shop) -> None:
    result = shop.import_text(
        "customers", PEOPLE + "a,王,?,sometime,12,nobody,2020-01-01,\nb,李,女,1990-01-01,,,2020-01-01,\n"
    )
    assert (result.rejected, result.quality.invalid) == (0, {"性别": 1, "生日": 1, "手机号码": 1, "电子邮箱": 1})
    assert shop.rows("customer_records", "properties")[1] == (
        {"性别": "?", "生日": "sometime", "手机号码": "12", "电子邮箱": "nobody"},
    )


@pytest.mark.parametrize(
    ("zone", "phones"),
    [
        ("Asia/Shanghai", {"+86 138 0013 8000": "+8613800138000", "021-6234 5678": "+862162345678", "12": None}),
        ("Europe/London", {"020 7183 8750": "+442071838750", "+49 30 901820": "+4930901820"}),
        ("UTC", {"020 7183 8750": None, "+86 13800138000": "+8613800138000"}),
    ],
)
def test_reads_phones_as_the_country_of_the_zone_writes_them(
    open_shop: OpenShop, zone: str, phones: dict[str, str | None]
) -> None:
    shop = open_shop(timezone=zone)
    shop.import_text("customers", "customer_id,phone\n" + "".join(f"{n},{phone}\n" for n, phone in enumerate(phones)))
    assert [phone for _, phone in shop.rows("customer_records", "source_id", "phone")] == [*phones.values()]


def test_the_same_customer_in_two_sources_is_two_records(shop: Shop) -> None:
    shop.import_text("customers", "customer_id,name\na,Ann\n", source="crm")
    shop.import_text("customers", "customer_id,name\na,Anna\n", source="till")
    assert shop.rows("customer_records", "source", "name") == [("crm", "Ann"), ("till", "Anna")]


def test_imports_products(shop: Shop) -> None:
    shop.import_text("products", "SKU,商品名称,类目,品牌,吊牌价\nx,茶,饮料,山,¥10.50\n")
    columns = ("product_id", "name", "category", "brand", "list_price")
    assert shop.rows("products", *columns) == [("x", "茶", "饮料", "山", Decimal("10.5"))]


def test_events_without_a_number_get_one_from_what_they_say(shop: Shop) -> None:
    content = "user_id,event,timestamp,page\na,login,2024-01-05 10:00:00,home\na,login,2024-01-05 10:00:00,cart\n"
    shop.import_text("events", content + "a,login,2024-01-05 10:00:00,home\n")
    assert len(shop.rows("events", "event_id")) == 2
    assert shop.import_text("events", content, "copy.csv").merged["events"].unchanged == 2


def test_imports_feedback(shop: Shop) -> None:
    shop.import_text("feedback", "客户编号,评价时间,类型,评分,评价内容\na,2024-01-05,投诉,1,太慢\n")
    assert shop.rows("feedback", "customer_id", "kind", "score", "text") == [("a", "complaint", Decimal(1), "太慢")]


def test_a_survey_of_one_score_is_of_that_kind(shop: Shop) -> None:
    shop.import_text("feedback", "customer_id,date,NPS\na,2024-01-05,9\n")
    assert shop.rows("feedback", "kind", "score") == [("nps", Decimal(9))]
