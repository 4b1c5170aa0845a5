from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from tests.ingest.conftest import Shop

from custrata.ingest import recognise
from custrata.ingest.excel import DamagedExcel, NoSuchSheet
from custrata.ingest.sources import NoRows
from custrata.ingest.workbook import NoFilledSheet

Row = list[object]
HEAD: Row = ["订单号", "客户编号", "下单时间", "金额"]
ROWS: list[Row] = [[1001, 17850, datetime(2024, 1, 5, 10, 30), 12.5], [1002, "b", date(2024, 2, 6), 3]]


def book(folder: Path, *, rows: list[Row], sheet: str = "订单", top: int = 0, before: bool = False) -> Path:
    """An Excel file whose sheet holds these rows from row `top` on, after an empty sheet where asked."""
    path = folder / "orders.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm"}) as written:
        if before:
            written.add_worksheet("empty")
        page = written.add_worksheet(sheet)
        for place, row in enumerate(rows):
            page.write_row(top + place, 0, row)
    return path


def test_imports_the_first_sheet_that_holds_something(shop: Shop, tmp_path: Path) -> None:
    result = shop.import_path("orders", book(tmp_path, rows=[HEAD, *ROWS], before=True))
    assert result.mapping.sheet == "订单"
    rows = shop.rows("orders", "order_id", "customer_id", "amount", "ordered_at")
    assert [row[:3] for row in rows] == [("1001", "17850", Decimal("12.50")), ("1002", "b", Decimal(3))]
    assert [f"{row[3]:%Y-%m-%d %H:%M}" for row in rows] == ["2024-01-05 02:30", "2024-02-05 16:00"]


def test_reads_days_that_are_mere_numbers(shop: Shop, tmp_path: Path) -> None:
    shop.import_path("orders", book(tmp_path, rows=[HEAD, [1, "a", 45296.5, 1]]))
    assert f"{shop.rows('orders', 'ordered_at')[0][0]:%Y-%m-%d %H:%M}" == "2024-01-05 04:00"


def test_numbers_keep_the_digits_excel_shows(shop: Shop, tmp_path: Path) -> None:
    shop.import_path(
        "orders",
        book(tmp_path, rows=[HEAD, [1, "a", "2024-01-05", 0.1 + 0.2], [123456789012345, "a", "2024-01-05", 1e6]]),
    )
    assert shop.rows("orders", "order_id", "amount") == [
        ("1", Decimal("0.30")),
        ("123456789012345", Decimal(1_000_000)),
    ]


def test_counts_rows_as_excel_does_below_a_title(shop: Shop, tmp_path: Path) -> None:
    path = book(tmp_path, rows=[["订单导出"], [], HEAD, *ROWS, [3, "c", "nonsense", 1]], top=2)
    result = shop.import_path("orders", path)
    assert (result.accepted, shop.quarantine(result)[1].split(",")[4]) == (2, "8")


def test_takes_the_sheet_it_is_told(tmp_path: Path) -> None:
    path = book(tmp_path, rows=[HEAD, *ROWS])
    assert recognise(path, "orders", sheet="订单").sheet == "订单"
    with pytest.raises(NoSuchSheet, match="It has: 订单"):
        recognise(path, "orders", sheet="2025")


def test_refuses_a_book_without_anything_in_it(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(NoFilledSheet):
        shop.import_path("orders", book(tmp_path, rows=[]))


def test_refuses_a_sheet_with_nothing_but_a_header(shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(NoRows):
        shop.import_path("orders", book(tmp_path, rows=[HEAD]))


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_refuses_half_a_book(shop: Shop, tmp_path: Path, share: float) -> None:
    content = book(tmp_path, rows=[HEAD, *ROWS]).read_bytes()
    with pytest.raises(DamagedExcel):
        shop.import_text("orders", content[: int(len(content) * share)], "half.xlsx")


def test_a_cell_at_the_far_end_of_a_sheet_does_not_take_the_process_along(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(path) as written:
        page = written.add_worksheet()
        page.write(0, 0, "here")
        page.write(1_048_575, 16_383, "there")
    with pytest.raises(DamagedExcel):
        shop.import_path("orders", path)
