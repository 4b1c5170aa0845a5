from __future__ import annotations

from decimal import Decimal
from typing import Literal

import ibis
import pytest
from babel.numbers import format_currency
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples
from tests.ingest.conftest import OpenShop, Shop

from custrata.engine import DuckEngine
from custrata.ingest import NeedsDecision
from custrata.ingest.money import (
    CurrencyMismatch,
    foreign,
    plain_number,
    quick_number,
    settled_comma,
    signs,
    slow_number,
)
from custrata.schema import MONEY

HEAD = "order_id\tcustomer_id\tordered_at\tamount\n"


def imported_amounts(shop: Shop, *amounts: str) -> list[Decimal | None]:
    """What these amounts are imported as; None for one in quarantine."""
    shop.import_text("orders", HEAD + "".join(f"{n}\ta\t2024-01-05\t{amount}\n" for n, amount in enumerate(amounts)))
    by_order: dict[str, Decimal] = dict(shop.rows("orders", "order_id", "amount"))
    return [by_order.get(str(n)) for n in range(len(amounts))]


POINT = {
    "12": "12", "1,234.56": "1234.56", "1 234.50": "1234.50", "1'234.50": "1234.50", "¥12.5": "12.50",
    "￥1,200": "1200",
    "12元": "12", "RMB 12": "12", "CNY12.00": "12", "人民币12.00元": "12", "-5": "-5", "(12.30)": "-12.30",
    "12.30-": "-12.30", "−7": "-7", "-¥12": "-12", "¥-12": "-12", "１２．５": "12.50", "1,23,456.00": "123456",
    ".5": "0.50", "+5": "5", "12.345": "12.35", "-12.345": "-12.35", "-(9.13)": "-9.13", "元 1\u202f234.50": "1234.50",
    "￥ -5.00": "-5", "CNY ¥12.00": "12", "3.5万元": "35000", "1.2E+3": "1200", "1,00,000": "100000", "免费": "0",
    "12,-": "12", "1.234,56 元": "1234.56", "1 234 567,89": "1234567.89", "1.234.567": "1234567",
    "1000000000000000": "1E+15",
}  # fmt: skip
COMMA = {"1.234,56": "1234.56", "1 234,5": "1234.50", "12": "12", "1.234": "1234", "12,50": "12.50", "¥ 3,5": "3.50",
         "-9,13\u00a0元": "-9.13", "9,13-": "-9.13", "4\u202f709,00": "4709", "1,234.50": "1234.50"}  # fmt: skip
WRONG = ["abc", "12abc", "12,50", "1,2345", "--5", "12 3456", "1.2.3", "NaN%", "-5-", "50%", "99999999999999999999"]


@pytest.mark.parametrize("forms", [POINT, COMMA], ids=["point", "comma"])
def test_reads_amounts_as_they_are_written(shop: Shop, forms: dict[str, str]) -> None:
    assert imported_amounts(shop, *forms) == [Decimal(amount).quantize(Decimal("0.01")) for amount in forms.values()]


def test_what_is_no_amount_goes_to_quarantine(shop: Shop) -> None:
    assert imported_amounts(shop, "1.50", "2.25", "1,000.10", *WRONG)[3:] == [None] * len(WRONG)


def test_names_an_amount_that_no_sum_has_room_for(shop: Shop) -> None:
    result = shop.import_text(
        "orders", HEAD + "1\ta\t2024-01-05\t1000000000000000.01\n2\ta\t2024-01-05\t100000000000000\n"
    )
    assert (result.accepted, result.quality.reasons) == (1, {"too_large": 1})


def test_names_an_order_whose_lines_add_up_to_more_than_an_amount_holds(shop: Shop) -> None:
    head = "order_id,customer_id,ordered_at,product_id,quantity,amount\n"
    rows = "".join(f"1,a,2024-01-05,p{n},1,900000000000000\n" for n in range(12)) + "2,a,2024-01-05,p,1,5\n"
    result = shop.import_text("lines", head + rows)
    assert (result.accepted, result.quality.reasons) == (1, {"too_large": 12})


@pytest.mark.parametrize("amounts", [("1.000", "2.500", "3.750"), ("1.000", "-2.500 元")])
def test_asks_where_a_mark_may_part_thousands_or_decimals(shop: Shop, amounts: tuple[str, ...]) -> None:
    before = shop.state
    with pytest.raises(NeedsDecision, match="decimal_sign"):
        imported_amounts(shop, *amounts)
    assert shop.state == before


@pytest.mark.parametrize("amount", ["12,50", "1.234.567", "0,5"])
def test_one_amount_settles_what_the_mark_parts(shop: Shop, amount: str) -> None:
    assert imported_amounts(shop, "1.000", "2.500", amount)[:2] == [1000, 2500]


def test_beside_short_whole_numbers_many_groups_of_three_are_thousands(shop: Shop) -> None:
    assert imported_amounts(shop, "500", "1.000", "2.500", "3.750", "1.200", "9.999")[:2] == [500, 1000]


@pytest.mark.parametrize("amount", ["$5", "5 HKD"])
def test_refuses_another_currency_beside_an_amount(shop: Shop, amount: str) -> None:
    before = shop.state
    with pytest.raises(CurrencyMismatch, match="CNY"):
        imported_amounts(shop, "1", amount)
    assert shop.state == before


def test_refuses_another_currency_in_its_column(shop: Shop) -> None:
    with pytest.raises(CurrencyMismatch, match="USD"):
        shop.import_text("orders", "order_id,customer_id,ordered_at,amount,currency\n1,a,2024-01-05,1,usd\n")


@pytest.mark.parametrize(("currency", "amount"), [("USD", "$5"), ("TWD", "NT$5")])
def test_takes_its_own_currency(open_shop: OpenShop, currency: str, amount: str) -> None:
    assert imported_amounts(open_shop(currency=currency), amount) == [Decimal(5)]


@pytest.mark.parametrize(
    ("sign", "currencies"),
    [("$", ["CNY"]), ("US$", ["CNY", "EUR"]), ("EUR", ["USD"]), ("元", ["USD"]), ("¥", ["USD"]), ("NT$", ["CNY"])],
)
def test_knows_what_a_sign_cannot_mean(sign: str, currencies: list[str]) -> None:
    assert [foreign([sign], currency) for currency in currencies] == [[sign]] * len(currencies)


@pytest.mark.parametrize(
    ("values", "comma"),
    [
        (["1.234,56"], True),
        (["1,234.56"], False),
        (["12,5", "3,25"], True),
        (["12", "7"], False),
        (["1.000", "2.500"], None),
        (["1.000", "2.500", "1500"], False),
        (["1.234.567"], True),
    ],
)
def test_tells_which_mark_stands_before_the_decimals(values: list[str], comma: bool | None) -> None:
    assert settled_comma(values) == comma


def test_the_longest_sign_is_tried_first() -> None:
    lengths = [len(sign) for sign in signs()]
    assert lengths == sorted(lengths, reverse=True)


@examples(8)
@given(
    st.lists(st.decimals(min_value=-(10**12), max_value=10**12, places=2), min_size=20),
    st.sampled_from([",", " ", "'"]),
)
def test_every_amount_is_read_as_python_writes_it(duck: DuckEngine, amounts: list[Decimal], mark: str) -> None:
    text = ibis.array([f"{amount:,.2f}".replace(",", mark) for amount in amounts]).unnest()
    quick, slow = quick_number(text, MONEY, comma=False), slow_number(plain_number(text), MONEY, comma=False)
    assert list(duck.connection.execute(ibis.coalesce(quick, slow))) == amounts


# Locales whose workspace keeps the currency that babel writes beside the amount.
WRITERS = ["en_US", "en_IN", "de_DE", "de_CH", "fr_FR", "es_ES", "it_IT", "pl_PL", "pt_BR", "sv_SE", "ja_JP", "zh_CN"]


@examples(12)
@given(
    st.lists(st.decimals(min_value=-(10**12), max_value=10**12, places=2), min_size=10, max_size=40),
    st.sampled_from(WRITERS),
    st.booleans(),
)
def test_every_amount_is_read_as_babel_writes_it(
    duck: DuckEngine, amounts: list[Decimal], locale: str, accounting: bool
) -> None:
    style: Literal["accounting", "standard"] = "accounting" if accounting else "standard"
    written = [format_currency(amount, "EUR", locale=locale, format_type=style) for amount in amounts]
    comma = settled_comma([*written, format_currency(Decimal("1234567.89"), "EUR", locale=locale)])
    text = ibis.array(written).unnest()
    assert list(duck.connection.execute(slow_number(plain_number(text), MONEY, comma=bool(comma)))) == amounts
