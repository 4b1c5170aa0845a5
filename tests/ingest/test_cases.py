"""Files as people sent them, each a kind of its own: `cases/` holds them, no real person in any."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from tests.ingest.conftest import Shop

from custrata.ingest import ImportResult, NeedsDecision
from custrata.ingest.files import OtherForm

CASES = Path(__file__).with_name("cases")


def amounts(shop: Shop) -> list[tuple[str, str | None, Decimal]]:
    return shop.rows("orders", "order_id", "customer_id", "amount")


def codes(result: ImportResult) -> dict[str, int]:
    return {notice.code: notice.count for notice in result.notices}


READ = {
    "08-nul-in-cell.csv": ("orders", [("1001", "C1", 10), ("1002", "C2", 20), ("1003", "C3", 30)], {"nul": 1}),
    "24-merged-order-cells.xlsx": ("lines", [("A1", "M1", 30), ("A2", "M2", 50)], {"merged_cells": 2}),
    "26-multi-sheet.xlsx": ("orders", [("A1", "M1", 10), ("A2", "M2", 20)], {"sheets_read": 2}),
    "33-excel-00000-format.xlsx": ("orders", [("A1", "00123", 10), ("A2", "00124", 10)], {}),
    "38-tab-after-id.csv": ("orders", [(f"A{n}", "M1", 10) for n in range(1, 5)], {"invisible": 3}),
    "A3-xls-html.xls": ("orders", [("A1", "M1", 10), ("A2", "M2", 20)], {}),
    "opendocument-called-excel.xls": ("orders", [("A1", "M1", 10)], {}),
    "zeros-by-format.xls": (
        "orders", [("A1", "123", 10), ("A2", "M2", 10), ("A3", "M2", 10)], {"unread_formats": 1, "merged_cells": 1}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_as_a_careful_person_reads_it(shop: Shop, name: str) -> None:
    kind, expected, notices = READ[name]
    result = shop.import_path(kind, CASES / name)
    assert amounts(shop) == [(order, customer, Decimal(amount)) for order, customer, amount in expected]
    assert (codes(result), result.rejected) == (notices, 0)


def test_a_customer_on_the_first_row_alone_is_asked_about(shop: Shop) -> None:
    path = CASES / "T2-customer-first-row-only.csv"
    with pytest.raises(NeedsDecision):
        shop.import_path("orders", path)
    shop.import_path("orders", path, accept_defaults=True)
    assert [row[1] for row in amounts(shop)] == ["M1", "M1", "M1", "M2"]


def test_a_web_archive_is_refused_by_its_true_name(shop: Shop) -> None:
    with pytest.raises(OtherForm, match="MHTML"):
        shop.import_path("orders", CASES / "A6-xls-mhtml.xls")
