"""Workbooks as people keep them: a sheet a month, merged cells, number formats, titles, totals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from tests.ingest.conftest import Shop

from custrata.ingest import ImportResult
from custrata.ingest.excel import NoSuchSheet
from custrata.ingest.header_rows import NoSuchRow
from custrata.ingest.mapping import Mapping

Row = list[Any]
HEAD: Row = ["订单号", "会员号", "下单时间", "实付金额"]
LINES: Row = ["订单号", "会员号", "下单时间", "商品名称", "数量", "单价"]


def order(number: str, customer: object = "M1", day: str = "2024-03-05", amount: float = 10) -> Row:
    return [number, customer, day, amount]


@pytest.fixture
def book(tmp_path: Path) -> Callable[..., Path]:
    """Write a workbook; `done(workbook, pages)` may change its sheets."""

    def written(
        sheets: dict[str, list[Row]], done: Callable[[Any, dict[str, Any]], object] | None = None, **options: Any
    ) -> Path:
        path = tmp_path / "book.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm", **options}) as workbook:
            pages = {name: workbook.add_worksheet(name) for name in sheets}
            for name, rows in sheets.items():
                for place, row in enumerate(rows):
                    pages[name].write_row(place, 0, row)
            if done is not None:
                done(workbook, pages)
        return path

    return written


def notices_of(result: ImportResult) -> dict[str, tuple[int, str]]:
    return {notice.code: (notice.count, notice.example) for notice in result.notices}


def test_reads_a_sheet_a_month_as_one_table_and_says_so(shop: Shop, book: Callable[..., Path]) -> None:
    result = shop.import_path(
        "orders", book({"1月": [HEAD, order("A1")], "2月": [HEAD, order("A2")], "说明": [["请勿修改"]]})
    )
    assert shop.rows("orders", "order_id") == [("A1",), ("A2",)]
    assert result.mapping.sheet == ("1月", "2月")
    assert notices_of(result) == {"sheets_read": (2, "1月, 2月"), "sheets_other": (1, "说明")}


def test_columns_of_a_sheet_may_stand_in_another_order(shop: Shop, book: Callable[..., Path]) -> None:
    other = [["实付金额", "下单时间", "会员号", "订单号"], [20, "2024-04-05", "M2", "A2"]]
    shop.import_path("orders", book({"1月": [HEAD, order("A1")], "2月": other}))
    assert shop.rows("orders", "order_id", "customer_id") == [("A1", "M1"), ("A2", "M2")]


def test_reads_the_sheet_that_fits_the_kind_of_file_wherever_it_stands(shop: Shop, book: Callable[..., Path]) -> None:
    sheets = {"封面": [["2024 年报表"]], "会员": [["会员号", "姓名"], ["M1", "王"]], "订单": [HEAD, order("A1")]}
    path = book(sheets)
    assert shop.import_path("orders", path).mapping.sheet == "订单"
    assert shop.import_path("customers", path).mapping.sheet == "会员"


def test_a_copy_of_a_sheet_is_not_read_twice(shop: Shop, book: Callable[..., Path]) -> None:
    rows = [LINES, ["A1", "M1", "2024-03-05", "茶", 1, 10]]
    result = shop.import_path("lines", book({"Sheet1": rows, "Sheet1 (2)": rows}))
    assert shop.rows("orders", "amount") == [(Decimal(10),)]
    assert notices_of(result)["sheets_copied"] == (1, "Sheet1 (2)")


def test_hidden_sheets_are_read_only_by_name(shop: Shop, book: Callable[..., Path]) -> None:
    path = book({"a": [HEAD, order("A1")], "b": [HEAD, order("A2")]}, lambda workbook, pages: pages["b"].hide())
    assert notices_of(shop.import_path("orders", path))["sheets_hidden"] == (1, "b")
    assert shop.import_path("orders", path, sheet="b").accepted == 1
    assert shop.rows("orders", "order_id") == [("A1",), ("A2",)]


def test_a_list_of_sheets_decides_and_stays_in_the_mapping(shop: Shop, book: Callable[..., Path]) -> None:
    path = book({name: [HEAD, order(name)] for name in ("a", "b", "c")})
    result = shop.import_path("orders", path, sheet=["a", "c"])
    assert shop.rows("orders", "order_id") == [("a",), ("c",)]
    assert Mapping.from_toml(result.mapping.to_toml()).sheet == ("a", "c")
    with pytest.raises(NoSuchSheet, match="It has: a, b, c"):
        shop.import_path("orders", path, sheet=["a", "z"])


def test_a_rejected_row_names_its_sheet(shop: Shop, book: Callable[..., Path]) -> None:
    path = book({"1月": [HEAD, order("A1")], "2月": [["二月"], HEAD, order("A2"), order("A3", day="nonsense")]})
    assert shop.rejected(shop.import_path("orders", path))[0]["_row"] == "2月!4"


def test_fills_merged_cells_of_order_customer_and_time(shop: Shop, book: Callable[..., Path]) -> None:
    rows = [LINES, ["", "", "", "茶", 1, 10], ["", "", "", "盐", 2, 10], ["A2", "M2", "2024-03-06", "米", 1, 50]]

    def merge(workbook: Any, pages: dict[str, Any]) -> None:
        page = pages["订单"]
        for column, value in enumerate(["A1", "M1", "2024-03-05"]):
            page.merge_range(1, column, 2, column, value)

    result = shop.import_path("lines", book({"订单": rows}, merge))
    assert shop.rows("orders", "order_id", "customer_id", "amount") == [
        ("A1", "M1", Decimal(30)), ("A2", "M2", Decimal(50)),
    ]  # fmt: skip
    assert notices_of(result)["merged_cells"] == (3, "订单号 A1")


def test_an_amount_merged_over_the_lines_of_an_order_is_none_of_a_line(shop: Shop, book: Callable[..., Path]) -> None:
    rows = [[*LINES, "实付金额"], ["A1", "M1", "2024-03-05", "茶", 1, 10], ["A1", "M1", "2024-03-05", "盐", 2, 10]]
    path = book({"s": rows}, lambda workbook, pages: pages["s"].merge_range(1, 6, 2, 6, 28))
    result = shop.import_path("lines", path)
    assert shop.rows("orders", "amount") == [(Decimal(30),)]
    assert notices_of(result)["merged_amounts"] == (1, "实付金额")


@pytest.mark.parametrize(
    ("number", "shape", "expected"),
    [
        (123, "00000", "00123"),
        (1234567, "00000", "1234567"),
        (12, '"C"0000', "C0012"),
        (5551234, "000\\-0000", "555-1234"),
        (7, "00000;[Red]-00000", "00007"),
        (123, "General", "123"),
        (123, "0", "123"),
        (1234, "#,##0", "1234"),
    ],
)
def test_an_id_is_what_its_number_format_shows(
    shop: Shop, book: Callable[..., Path], number: int, shape: str, expected: str
) -> None:
    def write(workbook: Any, pages: dict[str, Any]) -> None:
        pages["s"].write(1, 1, number, workbook.add_format({"num_format": shape}))

    shop.import_path("orders", book({"s": [HEAD, order("A1")]}, write))
    assert shop.rows("orders", "customer_id") == [(expected,)]


def test_a_percentage_is_read_as_one(shop: Shop, book: Callable[..., Path]) -> None:
    def write(workbook: Any, pages: dict[str, Any]) -> None:
        pages["s"].write(1, 4, 0.125, workbook.add_format({"num_format": "0%"}))

    shop.import_path("orders", book({"s": [[*HEAD, "税率"], order("A1")]}, write))
    assert shop.rows("orders", "properties") == [({"税率": "12.5%"},)]


@pytest.mark.parametrize("since_1904", [False, True])
def test_reads_days_of_either_calendar(shop: Shop, book: Callable[..., Path], since_1904: bool) -> None:
    rows = [HEAD, ["A1", "M1", datetime(2024, 3, 5, 10, 0, 1), 1]]
    shop.import_path("orders", book({"s": rows}, date_1904=since_1904))
    assert f"{shop.rows('orders', 'ordered_at')[0][0]:%Y-%m-%d %H:%M:%S}" == "2024-03-05 02:00:01"


def test_tells_of_numbers_whose_last_digits_excel_has_lost(shop: Shop, book: Callable[..., Path]) -> None:
    result = shop.import_path("customers", book({"s": [["会员号", "备注号"], ["M1", 12345678901234567]]}))
    notice = next(notice for notice in result.notices if notice.code == "rounded_numbers")
    assert (notice.count, notice.facts["columns"], notice.facts["row"]) == (1, "备注号", "2")


def test_tells_of_errors_of_formulas_and_takes_them_as_empty(shop: Shop, book: Callable[..., Path]) -> None:
    def write(workbook: Any, pages: dict[str, Any]) -> None:
        pages["s"].write_formula(1, 4, "=NA()", None, "#N/A")

    result = shop.import_path("orders", book({"s": [[*HEAD, "备注"], order("A1")]}, write))
    assert notices_of(result)["cell_errors"] == (1, "E2")
    assert shop.rows("orders", "properties") == [(None,)]


def test_finds_the_header_below_titles_and_tells_its_row(shop: Shop, book: Callable[..., Path]) -> None:
    top = [["2024 年订单导出"], ["打印日期：", "2024-04-01"], []]
    result = shop.import_path("orders", book({"s": [*top, HEAD, order("A1"), ["合计", "", "", 10]]}))
    notice = next(notice for notice in result.notices if notice.code == "header_row")
    assert (notice.count, notice.facts["row"]) == (2, "4")
    assert shop.rows("orders", "order_id") == [("A1",)]


def test_joins_the_merged_groups_of_a_header_of_two_rows(shop: Shop, book: Callable[..., Path]) -> None:
    def merge(workbook: Any, pages: dict[str, Any]) -> None:
        page = pages["s"]
        page.merge_range("A1:A2", "订单号")
        page.merge_range("B1:C1", "客户")
        page.merge_range("D1:D2", "下单时间")
        page.merge_range("E1:F1", "金额")
        page.write_row("B2", ["编号", "姓名"])
        page.write_row("E2", ["应付", "实付"])

    result = shop.import_path("orders", book({"s": [[], [], ["A1", "M1", "王", "2024-03-05", 10, 9]]}, merge))
    assert shop.rows("orders", "order_id", "customer_id", "amount") == [("A1", "M1", Decimal(9))]
    assert notices_of(result)["two_row_header"][0] == 2


def test_the_row_of_the_header_can_be_told(shop: Shop, book: Callable[..., Path]) -> None:
    path = book({"s": [HEAD, ["单号", "会员号", "下单日期", "金额"], order("A1")]})
    assert next(iter(shop.import_path("orders", path, header_row=2).mapping.columns)) == "单号"
    with pytest.raises(NoSuchRow):
        shop.import_path("orders", path, header_row=9)


def test_a_table_may_begin_in_any_cell(shop: Shop, book: Callable[..., Path]) -> None:
    shop.import_path("orders", book({"s": [[], ["", *HEAD], ["", *order("A1")], ["", *order("A2")]]}))
    assert shop.rows("orders", "order_id", "properties") == [("A1", None), ("A2", None)]


def test_names_written_otherwise_and_a_column_of_remarks_make_no_other_table(
    shop: Shop, book: Callable[..., Path]
) -> None:
    heads = [
        ["Order ID", "Customer ID", "Order Date", "Amount"],
        ["order_id", "CUSTOMER-ID", "order date", "amount", "x"],
    ]
    shop.import_path("orders", book({"a": [heads[0], order("A1")], "b": [heads[1], [*order("A2"), "hm"]]}))
    assert shop.rows("orders", "order_id", "customer_id", "properties") == [
        ("A1", "M1", None),
        ("A2", "M1", {"x": "hm"}),
    ]


def test_a_sheet_of_refunds_is_not_read_as_sales(shop: Shop, book: Callable[..., Path]) -> None:
    result = shop.import_path("orders", book({"订单": [HEAD, order("A1")], "退款": [HEAD, order("A2")]}))
    assert (result.accepted, notices_of(result)["sheets_other"]) == (1, (1, "退款"))


def test_invisible_signs_in_a_workbook_are_taken_off(shop: Shop, book: Callable[..., Path]) -> None:
    result = shop.import_path("orders", book({"s": [HEAD, order("A1", "M1\u200b"), order("A2", "`M1")]}))
    assert {row[0] for row in shop.rows("orders", "customer_id")} == {"M1"}
    assert notices_of(result)["invisible"][0] == 2
