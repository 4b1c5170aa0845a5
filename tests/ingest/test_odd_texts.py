"""Text files as programs and people damage them: titles, preambles, invisible signs, NUL, ragged rows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import recognise
from custrata.ingest.files import NotATable
from custrata.ingest.header_rows import NoSuchRow
from custrata.ingest.sources import NoRows

HEAD = "order_id,customer_id,order_date,amount\n"
ROWS = "1,a,2024-03-05,1.50\n2,b,2024-03-06,2.00\n"
BANK = "\n".join(
    ["Musterbank AG", "Konto:;DE12 3456", "Zeitraum:;01.03.2024;31.03.2024"] + [f"Hinweis {n}" for n in range(17)]
)


def test_one_nul_is_taken_out_and_told(shop: Shop) -> None:
    result = shop.import_text("orders", (HEAD + ROWS).replace("b,2024", "b\0,2024"))
    assert shop.rows("orders", "customer_id") == [("a",), ("b",)]
    assert [(n.code, n.count, n.facts["row"]) for n in result.notices] == [("nul", 1, "3")]


def test_a_nul_far_down_is_taken_out_too(shop: Shop) -> None:
    rows = "".join(f"{n},a,2024-03-05,1\n" for n in range(5_000))
    result = shop.import_text("orders", f"{HEAD}{rows}9999,b,2024-03-06,\x002\n")
    assert (result.accepted, result.notices[0].facts["row"]) == (5_001, "5002")


def test_a_file_of_mostly_nuls_is_refused(shop: Shop) -> None:
    with pytest.raises(NotATable):
        shop.import_text("orders", (HEAD + ROWS).encode() + bytes(100_000))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
def test_wide_texts_are_read_with_a_mark_or_without(shop: Shop, encoding: str) -> None:
    assert shop.import_text("orders", (HEAD + ROWS).encode(encoding), dry_run=True).accepted == 2


HIDDEN = [
    "M1\t", "\x1fM1", "\u00a0M1\u00a0", "M1\u200b", "\ufeffM1", "\u2060M1", "M\u00ad1", "“M1”", "\u200eM1", "M1\u3000",
    '"""M1"""', "‘M1’", "\u202aM1\u202c", "M1\u007f",
]  # fmt: skip


@pytest.mark.parametrize("cells", [HIDDEN, ["`M1"], ["'M1"], ['="M1"']])
def test_takes_off_what_nobody_sees_around_an_id(shop: Shop, cells: list[str]) -> None:
    rows = [f"{number},{cell},2024-03-06,2" for number, cell in enumerate(["M1", *cells])]
    shop.import_text("orders", HEAD + "\n".join(rows) + "\n")
    assert shop.rows("orders", "customer_id") == [("M1",)] * len(rows)


def test_tells_how_many_cells_hid_something(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\u200b1,M1\u200b,2024-03-05,\u20601.50\n2,M1,2024-03-06,2\n")
    assert [(n.code, n.count, n.example) for n in result.notices] == [("invisible", 3, "‹U+200B›1")]
    assert shop.rows("orders", "amount") == [(Decimal("1.50"),), (Decimal(2),)]


def test_a_header_with_hidden_signs_and_nothing_below_has_no_rows(shop: Shop) -> None:
    with pytest.raises(NoRows):
        shop.import_text("orders", HEAD.replace("amount", "amount\u200b"))


def test_words_keep_their_marks(shop: Shop) -> None:
    texts = ["it's", "'tis the season", "“很好 的”", "👨\u200d👩"]
    rows = "".join(f"{n},a,2024-03-05,1,{text}\n" for n, text in enumerate(texts))
    shop.import_text("orders", f"order_id,customer_id,order_date,amount,note\n{rows}")
    assert [row[0]["note"] for row in shop.rows("orders", "properties")] == sorted(texts)


@pytest.mark.parametrize("title", ["订单导出\n", "订单导出,,,\n\n", "店铺：,旗舰店\n导出时间：,2024-03-31\n\n"])
def test_finds_the_header_below_a_title(shop: Shop, title: str) -> None:
    result = shop.import_text("orders", title + HEAD + ROWS)
    assert result.accepted == 2
    assert [notice.code for notice in result.notices] == ["header_row"]


def test_finds_the_header_below_twenty_lines_of_a_bank(shop: Shop) -> None:
    content = f"{BANK}\nBestellnummer;Kundennummer;Datum;Betrag\n1;K1;05.03.2024;10,00\n2;K1;25.03.2024;1.020,00\n"
    result = shop.import_text("orders", content)
    assert shop.rows("orders", "amount") == [(Decimal(10),), (Decimal(1020),)]
    assert [(n.code, n.count, n.facts["row"]) for n in result.notices] == [("header_row", 20, "21")]


def test_the_row_of_the_header_can_be_told(shop: Shop) -> None:
    content = "Order No,Customer,Date,Total\nid,client,when,worth\n1,a,2024-03-05,1\n"
    assert (
        recognise(shop.file("order_id,customer_id,date,amount\n" + content), "orders", header_row=2).fields["order_id"]
        == "Order No"
    )
    with pytest.raises(NoSuchRow):
        recognise(shop.file(HEAD + ROWS), "orders", header_row=40)


def test_a_header_of_two_rows_is_joined(shop: Shop) -> None:
    content = "订单号,会员号,下单时间,销售,,退货,\n,,,数量,金额,数量,金额\nA1,M1,2024-03-05,1,10,0,0\n"
    columns = recognise(shop.file(content), "customers").columns
    assert list(columns) == ["订单号", "会员号", "下单时间", "销售 数量", "销售 金额", "退货 数量", "退货 金额"]


def test_a_first_line_that_names_the_separator_is_heeded(shop: Shop) -> None:
    result = shop.import_text("orders", "sep=;\r\n" + (HEAD + ROWS).replace(",", ";").replace("\n", "\r\n"))
    assert (result.accepted, result.notices) == (2, ())


def test_semicolons_and_decimal_commas_go_together(shop: Shop) -> None:
    shop.import_text("orders", HEAD.replace(",", ";") + "1;a;05.03.2024;1.234,50\n2;b;25.03.2024;2,00\n")
    assert shop.rows("orders", "amount") == [(Decimal("1234.50"),), (Decimal(2),)]


@pytest.mark.parametrize("tail", ["header", "rows", "both"])
def test_separators_at_the_end_of_lines_make_no_column(shop: Shop, tail: str) -> None:
    head = HEAD.replace("\n", ",\n") if tail in ("header", "both") else HEAD
    rows = ROWS.replace("\n", ",\n") if tail in ("rows", "both") else ROWS
    assert (shop.import_text("orders", head + rows).accepted, shop.rows("orders", "properties")[0]) == (2, (None,))


def test_rows_may_end_before_the_last_columns(shop: Shop) -> None:
    result = shop.import_text("orders", HEAD.replace("\n", ",note,more\n") + ROWS + "3,c,2024-03-07,3,x\n")
    assert (result.accepted, [n.code for n in result.notices]) == (3, ["short_rows"])
    assert shop.rows("orders", "properties")[-1] == ({"note": "x"},)


def test_a_lone_carriage_return_ends_lines(shop: Shop) -> None:
    assert shop.import_text("orders", (HEAD + ROWS).replace("\n", "\r")).accepted == 2


def test_a_stray_quotation_mark_costs_its_row_alone(shop: Shop) -> None:
    result = shop.import_text("orders", HEAD + '1,a"b,2024-03-05,1\n2,"b"x,2024-03-06,2\n3,c,2024-03-07,3\n')
    assert (result.accepted, result.rejected) == (2, 1)
