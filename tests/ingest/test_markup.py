"""HTML, XML and other forms that are called Excel files."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest.files import NotATable, OtherForm
from custrata.ingest.markup import DamagedMarkup

CELLS = [["订单号", "会员号", "下单时间", "实付金额"], ["A1", "M1", "2024-03-05 10:00", "10.00"]]
TABLE = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in CELLS)
PAGE = f'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><body><table>{TABLE}</table></body></html>'
SPREADSHEET = "urn:schemas-microsoft-com:office:spreadsheet"


def workbook(rows: str, more: str = "", styles: str = "") -> str:
    return (
        f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n{more}'
        f'<Workbook xmlns="{SPREADSHEET}" xmlns:ss="{SPREADSHEET}"><Styles>{styles}</Styles>'
        f'<Worksheet ss:Name="订单"><Table>{rows}</Table></Worksheet></Workbook>'
    )


def row(*cells: str) -> str:
    return "<Row>" + "".join(cells) + "</Row>"


def cell(text: str, kind: str = "String", attributes: str = "") -> str:
    return f'<Cell {attributes}><Data ss:Type="{kind}">{text}</Data></Cell>'


HEADER = row(*map(cell, CELLS[0]))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_reads_a_table_of_html_called_excel(shop: Shop, encoding: str) -> None:
    shop.import_text("orders", PAGE.encode(encoding), "orders.xls")
    assert shop.rows("orders", "order_id", "customer_id", "amount") == [("A1", "M1", Decimal(10))]


@pytest.mark.parametrize("start", ["<table>", "<!DOCTYPE html>\n<table>", "  \n<TABLE border=1>", "<!-- x --><table>"])
def test_tells_html_however_it_begins(shop: Shop, start: str) -> None:
    assert shop.import_text("orders", f"{start}{TABLE}</table>", "orders.xlsx", dry_run=True).accepted == 1


def test_rows_and_titles_that_span_are_read_as_seen(shop: Shop) -> None:
    head = "<tr><th colspan=6>订单导出</th></tr><tr><th>订单号<th>会员号<th>下单时间<th>商品<th>数量<th>单价</tr>"
    rows = (
        "<tr><td rowspan=2>A1<td rowspan=2>M1<td rowspan=2>2024-03-05<td>茶<td>1<td>10</tr><tr><td>盐<td>2<td>10</tr>"
    )
    shop.import_text("lines", f"<table>{head}{rows}</table>", "lines.xls")
    assert shop.rows("orders", "order_id", "customer_id", "amount") == [("A1", "M1", Decimal(30))]


def test_a_page_of_layout_gives_the_table_inside(shop: Shop) -> None:
    page = f"<table><tr><td>menu</td><td><table>{TABLE}</table></td></tr></table>"
    assert shop.import_text("orders", page, "orders.xls", dry_run=True).accepted == 1


def test_refuses_a_page_without_a_table_by_its_name(shop: Shop) -> None:
    with pytest.raises(NotATable, match="HTML"):
        shop.import_text("orders", "<html><body>Please log in</body></html>", "orders.xls")


def test_reads_a_workbook_of_xml(shop: Shop) -> None:
    data = row(cell("A1"), cell("M1"), cell("2024-03-05T10:00:00.000", "DateTime"), cell("10.5", "Number"))
    result = shop.import_text("orders", workbook(HEADER + data), "orders.xls")
    assert result.mapping.sheet == "订单"
    assert [f"{at:%Y-%m-%d %H:%M} {amount}" for at, amount in shop.rows("orders", "ordered_at", "amount")] == [
        "2024-03-05 02:00 10.50"
    ]


def test_cells_of_xml_may_be_skipped_formatted_and_commented(shop: Shop) -> None:
    styles = '<Style ss:ID="s1"><NumberFormat ss:Format="00000"/></Style>'
    number = cell("123", "Number", 'ss:StyleID="s1"')
    remark = '<Cell><Comment><ss:Data>no cell</ss:Data></Comment><Data ss:Type="String">A1</Data></Cell>'
    data = row(remark, number, cell("2024-03-05"), cell("1", "Number"))
    data += row(cell("A2"), cell("2024-03-06", attributes='ss:Index="3"'), cell("2", "Number"))
    shop.import_text("orders", workbook(HEADER + data, styles=styles), "orders.xls")
    assert shop.rows("orders", "order_id", "customer_id") == [("A1", "00123"), ("A2", None)]


def test_entities_that_unfold_are_refused(shop: Shop) -> None:
    bomb = '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    with pytest.raises(DamagedMarkup):
        shop.import_text("orders", workbook(HEADER + row(cell("&b;")), bomb), "orders.xls")


def test_ranges_without_end_are_refused(shop: Shop) -> None:
    with pytest.raises(DamagedMarkup):
        shop.import_text("orders", '<table><tr><td rowspan="1048576" colspan="16384">x</td></tr></table>', "orders.xls")


STRANGERS = {
    "MHTML": b'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="x"\n\n--x\n<table><tr><td>order_id\n',
    "JSON": b'[{"order_id": 1}]',
    "XML": b'<?xml version="1.0"?><orders><order id="1"/></orders>',
    "PDF": b"%PDF-1.7\n%abc\n",
}


@pytest.mark.parametrize("form", STRANGERS)
def test_refuses_other_forms_by_their_true_name(shop: Shop, form: str) -> None:
    with pytest.raises(NotATable, match=form):
        shop.import_text("orders", STRANGERS[form], "orders.xlsx")


@pytest.mark.parametrize(("member", "form"), [("word/document.xml", "Word"), ("Index/Document.iwa", "Numbers")])
def test_refuses_other_packages_by_their_true_name(shop: Shop, tmp_path: Path, member: str, form: str) -> None:
    with zipfile.ZipFile(tmp_path / "orders.xlsx", "w") as archive:
        archive.writestr(member, "x")
    with pytest.raises(OtherForm, match=form):
        shop.import_path("orders", tmp_path / "orders.xlsx")


def test_text_called_excel_is_read(shop: Shop) -> None:
    text = "\n".join("\t".join(cells) for cells in CELLS)
    assert shop.import_text("orders", text.encode("gb18030"), "orders.xls", dry_run=True).accepted == 1


@pytest.mark.parametrize("declared", ["gb2312", "utf-8"])
def test_a_workbook_of_xml_is_read_in_the_encoding_it_is_in(shop: Shop, declared: str) -> None:
    text = workbook(HEADER + row(cell("A1"), cell("王小明"), cell("2024-03-05"), cell("1", "Number")))
    content = text.replace('version="1.0"', f'version="1.0" encoding="{declared}"').encode("gb18030")
    shop.import_text("orders", content, "orders.xls")
    assert shop.rows("orders", "customer_id") == [("王小明",)]
