from __future__ import annotations

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import recognise

CELLS = [
    ["order_id", "customer_id", "ordered_at", "amount", "note"],
    ["1", "a", "2024-01-05", "12.5", "so, so"],
    ["2", "b", "2024-01-06", "3", 'he said "no"\nand left'],
]
NOTES = [('he said "no"\nand left',), ("so, so",)]


def written(delimiter: str, quote: str = '"', end: str = "\n") -> str:
    def cell(text: str) -> str:
        return f"{quote}{text.replace(quote, quote * 2)}{quote}"

    return end.join(delimiter.join(cell(text) for text in row) for row in CELLS) + end


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_finds_the_delimiter(shop: Shop, delimiter: str) -> None:
    assert recognise(shop.file(written(delimiter)), "orders").delimiter == delimiter


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_reads_quoted_cells_whatever_ends_a_line(shop: Shop, end: str) -> None:
    shop.import_text("orders", written(";", end=end))
    notes = [row[0]["note"] for row in shop.rows("orders", "properties")]
    assert sorted(notes) == [note for (note,) in NOTES]


def test_finds_the_single_quotation_mark(shop: Shop) -> None:
    content = "'order_id','customer_id','ordered_at','amount'\n'1','a','2024-01-05','1,5'\n'2','b','2024-01-06','2'\n"
    assert recognise(shop.file(content), "orders").quote == "'"


def test_skips_a_title_above_the_header_and_counts_rows_as_a_spreadsheet_does(shop: Shop) -> None:
    content = "2024 年订单,,,\n\norder_id,customer_id,ordered_at,amount\n1,a,2024-01-05,1\n2,b,nonsense,1\n"
    result = shop.import_text("orders", content)
    assert (result.accepted, shop.quarantine(result)[1].split(",")[4]) == (1, "5")


def test_names_a_column_that_has_no_header(shop: Shop) -> None:
    content = "order_id,customer_id,ordered_at,amount,\n1,a,2024-01-05,1,x\n"
    assert recognise(shop.file(content), "orders").columns["column_5"] == "property"


def test_skips_rows_of_nothing_but_delimiters(shop: Shop) -> None:
    result = shop.import_text("orders", "order_id,customer_id,ordered_at,amount\n1,a,2024-01-05,1\n,,,\n,,,\n")
    assert (result.rows, result.rejected, result.quality.blank) == (1, 0, 2)


def test_lines_with_the_wrong_cells_go_to_quarantine(shop: Shop) -> None:
    wrong = ["3,c,2024-01-07", "3,c,2024-01-07,1,2,3", '3,"c"d,2024-01-07,1', "3,c,nonsense,1"]
    content = "\n".join(["order_id,customer_id,ordered_at,amount", "1,a,2024-01-05,1", *wrong, "9,a,2024-01-05,1"])
    result = shop.import_text("orders", content)
    assert result.quality.reasons == {"too_few_cells": 1, "too_many_cells": 1, "bad_quotes": 1, "not_a_date": 1}
    assert [row["_row"] for row in shop.rejected(result)] == ["3", "4", "5", "6"]


def test_rows_swallowed_by_an_open_quotation_mark_are_kept_one_by_one(shop: Shop) -> None:
    content = 'order_id,customer_id,ordered_at,amount\n1,"a,2024-01-05,1\n2,"b",2024-01-06,2\n3,"c",2024-01-07,3\n'
    result = shop.import_text("orders", content)
    assert (result.rows, result.accepted, result.rejected) == (3, 1, 2)
    assert [line.split(",")[0] for line in shop.quarantine(result)[1:]] == ["1", "2"]


def test_counts_empty_lines_as_a_spreadsheet_does(shop: Shop) -> None:
    lines = ["t", "", "order_id,customer_id,ordered_at,amount", "", "1,a,nonsense,1", "", "", "2,b", '3,"c\nd",x,1']
    result = shop.import_text("orders", "\n".join(lines) + "\n", dry_run=False)
    assert [row["_row"] for row in shop.rejected(result)] == ["5", "8", "9"]


@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_reads_lines_that_end_now_this_way_now_that_way(shop: Shop, end: str) -> None:
    rows = ["order_id,customer_id,ordered_at,amount,note\n", f"1,a,2024-01-05,1,x{end}", "2,b,2024-01-05,2,y\r\n"]
    result = shop.import_text("orders", "".join(rows) + "3,c,2024-01-05,3,over\rthere\r\n")
    assert (result.accepted, result.rejected) == (3, 0)
    assert sorted(note["note"] for (note,) in shop.rows("orders", "properties")) == ["over there", "x", "y"]
