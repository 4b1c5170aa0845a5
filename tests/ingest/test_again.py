from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

from tests.ingest.conftest import AT, Shop

HEAD = "order_id,customer_id,ordered_at,amount"
ORDERS = f"{HEAD}\n1,a,2024-01-05,8\n2,b,2024-01-06,9\n"


def test_the_same_file_twice_changes_nothing(shop: Shop) -> None:
    first = shop.import_text("orders", ORDERS)
    before = shop.state
    second = shop.import_text("orders", ORDERS, "renamed.csv", at=AT + timedelta(days=1))
    assert shop.state == before
    assert second.already_imported is not None
    assert second.already_imported.import_id == first.import_id == second.import_id
    assert (second.rows, second.accepted, second.merged) == (2, 2, {})


def test_a_file_that_had_to_be_read_twice_is_known_too(shop: Shop) -> None:
    content = HEAD + "\n" + "1,a,2024-01-05,8\n" * 20_000 + "2,b,1/13/2024,9\n"
    shop.import_text("orders", content)
    assert shop.import_text("orders", content).already_imported is not None


def test_again_imports_it_and_still_changes_no_row(shop: Shop) -> None:
    shop.import_text("orders", ORDERS)
    before = shop.workspace.lake.snapshot().fingerprint
    again = shop.import_text("orders", ORDERS, again=True)
    assert again.already_imported is None
    assert (again.merged["orders"].added, again.merged["orders"].unchanged) == (0, 2)
    assert shop.workspace.lake.snapshot().fingerprint == before


def test_every_import_has_a_number_of_its_own(shop: Shop) -> None:
    numbers = {shop.import_text("orders", ORDERS, again=True).import_id for _ in range(3)}
    assert len(numbers) == 3


def test_the_same_bytes_as_another_kind_are_another_import(shop: Shop) -> None:
    content = "customer_id,order_id,ordered_at,amount,name\na,1,2024-01-05,8,Ann\n"
    shop.import_text("orders", content)
    assert shop.import_text("customers", content).already_imported is None


def test_a_later_file_updates_orders_by_their_number(shop: Shop) -> None:
    shop.import_text("orders", ORDERS)
    merged = shop.import_text("orders", f"{HEAD}\n2,b,2024-01-06,10\n3,c,2024-01-07,1\n").merged["orders"]
    assert (merged.added, merged.updated, merged.unchanged) == (1, 1, 0)
    assert shop.rows("orders", "amount") == [(Decimal(1),), (Decimal(10),), (Decimal(8),)]


def test_the_ledger_tells_of_the_import(shop: Shop) -> None:
    result = shop.import_text("orders", ORDERS + "3,c,nonsense,1\n", "january.csv")
    (record,) = shop.workspace.lake.snapshot().imports
    assert (record.import_id, record.table, record.file_name) == (result.import_id, "orders", "january.csv")
    assert (record.rows, record.accepted, record.rejected, record.at) == (3, 2, 1, AT)


def test_the_result_is_plain_json(shop: Shop) -> None:
    result = json.loads(json.dumps(shop.import_text("orders", ORDERS).to_json()))
    assert result["merged"] == {"orders": {"added": 2, "updated": 0, "unchanged": 0, "outdated": 0}}
    assert result["quality"]["figures"]["sales"] == "17.00"
    assert result["mapping"]["columns"]["amount"] == "amount"


def test_tells_how_far_it_is(shop: Shop) -> None:
    steps: list[tuple[str, float]] = []
    shop.import_text("orders", ORDERS, progress=lambda step, share: steps.append((step, share)))
    assert [step for step, _ in steps] == ["open", "recognise", "read", "check", "write", "write", "done"]
    assert [share for _, share in steps] == sorted(share for _, share in steps)
