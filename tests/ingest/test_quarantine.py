from __future__ import annotations

import pytest
from tests.ingest.conftest import OpenShop, Shop

from custrata.ingest import ImportResult
from custrata.ingest.erasure import erase_from_quarantine
from custrata.ingest.person_matching import person_matcher
from custrata.ingest.quarantine_files import pending_file
from custrata.lake.intents import ErasedPerson

HEAD = "order_id,customer_id,ordered_at,amount,note"
GOOD = "1,a,2024-01-05,8,"
BAD = '2,"b, the second",yesterday,much,中'


def test_keeps_a_rejected_row_whole_with_row_column_value_and_reason(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\n{GOOD}\n{BAD}\n")
    header, row = shop.quarantine(result)
    assert header == f"{HEAD},_row,_column,_value,_reason"
    reasons = "not a recognized date; not a recognized number"
    assert row == f"{BAD},3,ordered_at; amount,yesterday; much,{reasons}"


def test_speaks_the_language_of_the_workspace(open_shop: OpenShop) -> None:
    shop = open_shop(language="zh-hans")
    assert shop.quarantine(shop.import_text("orders", f"{HEAD}\n{BAD}\n"))[1].endswith("不是可识别的数字")


def test_opens_in_a_spreadsheet(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\n{BAD}\n")
    assert result.quarantine is not None
    assert result.quarantine.read_bytes().startswith(b"\xef\xbb\xbf")
    assert result.quarantine == shop.workspace.quarantine / f"{result.import_id}.csv"


def test_can_be_mended_and_imported_again(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\n{GOOD}\n{BAD}\n")
    mended = "\r\n".join(shop.quarantine(result)).replace("yesterday,much", "2024-02-05,9", 1)
    again = shop.import_text("orders", "\ufeff" + mended, "mended.csv")
    assert (again.accepted, again.rejected) == (1, 0)
    assert "_row" not in again.mapping.columns
    assert shop.rows("orders", "order_id", "properties") == [("1", None), ("2", {"note": "中"})]


def test_rows_keep_their_order_and_number_among_unreadable_lines(shop: Shop) -> None:
    rows = [GOOD, "3,c", BAD, "4,d", "5,e,nonsense,1,", GOOD, "6"]
    result = shop.import_text("orders", "\n".join([HEAD, *rows]) + "\n")
    assert [row["_row"] for row in shop.rejected(result)] == ["3", "4", "5", "6", "8"]


def test_nothing_is_imported_where_every_row_is_rejected(shop: Shop) -> None:
    result = shop.import_text("orders", f"{HEAD}\n{BAD}\n")
    assert (result.accepted, result.rejected, result.merged) == (0, 1, {})
    assert shop.workspace.lake.snapshot().imports == ()


def test_a_dry_run_writes_nothing(shop: Shop) -> None:
    before = shop.state
    result = shop.import_text("orders", f"{HEAD}\n{GOOD}\n{BAD}\n", dry_run=True)
    assert (result.accepted, result.rejected, result.quarantine, result.merged) == (1, 1, None, {})
    assert shop.state == before


@pytest.fixture
def killed(shop: Shop) -> ImportResult:
    """An import that was killed when it was in the ledger, and before its rejected rows had their name."""
    done = shop.import_text("orders", f"{HEAD}\n{GOOD}\n{BAD}\n")
    assert done.quarantine is not None
    done.quarantine.rename(pending_file(shop.workspace.quarantine, done.import_id))
    return done


def test_rows_of_an_import_that_was_killed_afterwards_stay(shop: Shop, killed: ImportResult) -> None:
    assert shop.import_text("orders", f"{HEAD}\n{GOOD}\n{BAD}\n").already_imported is not None
    assert shop.quarantine(killed)[1].startswith(BAD)


def test_rows_of_an_import_that_was_killed_before_go_with_the_next_one(shop: Shop, killed: ImportResult) -> None:
    pending_file(shop.workspace.quarantine, "20250131T083000Z-1f2e3d4c").write_text("row\n", "utf-8")
    shop.import_text("orders", f"{HEAD}\n3,c,2024-01-05,8,\n", "next.csv")
    assert [path.name for path in shop.workspace.quarantine.iterdir()] == [f"{killed.import_id}.csv"]


def test_erasing_reaches_the_rows_of_a_killed_import(shop: Shop, killed: ImportResult) -> None:
    assert erase_from_quarantine(shop.workspace.quarantine, person_matcher([ErasedPerson("b, the second")], None)) == 1
