"""Exports of tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.http import StreamingHttpResponse
from python_calamine import CalamineWorkbook

from custrata.web import exports
from custrata.web.exports import Cell, csv_response, excel_response

pytestmark = pytest.mark.usefixtures("served")
HEADER = ["客户", "=name"]
AT = datetime(2025, 3, 1, 20, 5, tzinfo=UTC)  # in Shanghai the next day
EVIL = ["=1+1", "+86 138", "-x", "@SUM(A1)", "\t=1", "＝1"]


def body(answer: StreamingHttpResponse) -> bytes:
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]  # it is no asynchronous one


def read_csv(rows: list[list[Cell]]) -> list[list[str]]:
    text = body(csv_response("customers", HEADER, iter(rows))).decode()
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def read_excel(rows: list[list[Cell]]) -> dict[str, Any]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(body(excel_response("客户", HEADER, iter(rows)))))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_csv_begins_with_the_mark_by_which_excel_knows_the_encoding() -> None:
    answer = csv_response("客户", HEADER, [])
    assert body(answer).startswith("\ufeff客户".encode())
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''%E5%AE%A2%E6%88%B7.csv"


def test_csv_holds_values_as_they_are() -> None:
    rows: list[list[Cell]] = [["王, “小”\n明", 5], [None, Decimal("-1.50")], [date(2025, 3, 1), AT]]
    assert read_csv(rows)[1:] == [["王, “小”\n明", "5"], ["", "-1.50"], ["2025-03-01", "2025-03-02 04:05:00"]]


def test_no_text_in_csv_is_a_formula() -> None:
    rows = read_csv([[text, 1] for text in EVIL])
    assert rows[0][1] == "'=name"
    assert [row[0] for row in rows[1:]] == [f"'{text}" for text in EVIL]


def test_csv_is_sent_while_it_is_made() -> None:
    produced = []

    def rows() -> Iterator[list[Cell]]:
        for number in range(5000):
            produced.append(number)
            yield [number, "x"]

    parts = iter(csv_response("many", HEADER, rows()).streaming_content)  # type: ignore[arg-type]  # it is no asynchronous one
    next(parts)
    assert len(produced) < 1000


def test_excel_holds_values_with_their_types() -> None:
    (sheet,) = read_excel([["王小明", 5], [None, Decimal("-1.50")], [date(2025, 3, 1), AT], [True, 0.5]]).values()
    assert sheet[0] == HEADER
    assert sheet[1:3] == [["王小明", 5.0], ["", -1.5]]
    assert sheet[3] == [date(2025, 3, 1), datetime(2025, 3, 2, 4, 5)]
    assert sheet[4] == [True, 0.5]


def test_no_text_in_excel_is_a_formula() -> None:
    (sheet,) = read_excel([[text, 1] for text in EVIL]).values()
    assert [row[0] for row in sheet[1:]] == EVIL


def test_an_empty_table_is_a_sheet_with_its_header() -> None:
    assert read_excel([]) == {"客户": [HEADER]}


def test_what_does_not_fit_on_a_sheet_goes_on_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 2)
    sheets = read_excel([[number, "x"] for number in range(5)])
    assert {name: len(rows) - 1 for name, rows in sheets.items()} == {"客户": 2, "客户 2": 2, "客户 3": 1}


def test_a_name_becomes_one_that_excel_allows() -> None:
    answer = body(excel_response("a/b:[c]?" + "x" * 60, HEADER, []))
    assert CalamineWorkbook.from_filelike(io.BytesIO(answer)).sheet_names == ["abc" + "x" * 23]
