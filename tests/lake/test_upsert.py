"""Upsert: by the natural key the last `updated_at` wins, then the later import; what is known is not written again."""

from __future__ import annotations

import tempfile
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custrata.engine import DuckEngine
from custrata.lake import Merged, Workspace
from tests.examples import examples
from tests.lake.facts import AT, Row, day, keys_in, put, rows_in, table_of

STORED = {
    "order_id": "1",
    "amount": Decimal(10),
    "updated_at": day(5),
    "properties": [("colour", "red"), ("size", "L")],
}


def order(workspace: Workspace) -> dict[str, Any]:
    """The only order."""
    (row,) = rows_in(workspace.lake.snapshot(), "orders")
    return row


def test_unknown_keys_are_added(workspace: Workspace, duck: DuckEngine) -> None:
    assert put(workspace, duck, "orders", {"order_id": "1"}, {"order_id": "2"}) == Merged(added=2)
    assert put(workspace, duck, "orders", {"order_id": "3"}) == Merged(added=1)
    assert keys_in(workspace, "orders") == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("update", "merged"),
    [
        ({"amount": Decimal(11)}, Merged(0, updated=1)),
        ({"amount": Decimal(11), "updated_at": day(6)}, Merged(0, updated=1)),
        ({"amount": Decimal(11), "updated_at": day(4)}, Merged(0, outdated=1)),
        ({"amount": Decimal(11), "updated_at": None}, Merged(0, outdated=1)),
        ({"store": "north"}, Merged(0, updated=1)),
        ({"properties": [("colour", "red")]}, Merged(0, updated=1)),
        ({"properties": None}, Merged(0, updated=1)),
        ({"properties": [("size", "L"), ("colour", "red")]}, Merged(0, unchanged=1)),
        ({"updated_at": day(6), "imported_at": day(7), "import_id": "later"}, Merged(0, unchanged=1)),
    ],
)
def test_a_known_key_is_judged_by_content_and_time(
    workspace: Workspace, duck: DuckEngine, update: Row, merged: Merged
) -> None:
    put(workspace, duck, "orders", STORED)
    before = order(workspace)
    assert put(workspace, duck, "orders", {**STORED, **update}) == merged
    assert order(workspace) == {**before, **(update if merged.updated else {})}


def test_a_row_without_updated_at_is_older_than_any(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", {"order_id": "1", "updated_at": None})
    assert put(workspace, duck, "orders", {"order_id": "1", "store": "x", "updated_at": day(1)}).updated == 1
    assert order(workspace)["store"] == "x"


def test_the_same_rows_again_write_nothing(workspace: Workspace, duck: DuckEngine) -> None:
    def disk() -> dict[str, int]:
        files = workspace.lake.folder.rglob("*[!k]")
        return {str(path): path.stat().st_mtime_ns for path in files if path.is_file() and path.name != ".lease"}

    put(workspace, duck, "orders", STORED, {"order_id": "2"})
    before = disk()
    assert put(workspace, duck, "orders", STORED, {"order_id": "2"}) == Merged(0, unchanged=2)
    assert disk() == before


def test_rows_of_a_table_with_two_keys_match_on_both(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "order_lines", *({"order_id": o, "line_id": n} for o in "ab" for n in "12"))
    updates = {"order_id": "a", "line_id": "2", "category": "tea"}, {"order_id": "b", "line_id": "3"}
    assert put(workspace, duck, "order_lines", *updates) == Merged(1, updated=1)
    lines = rows_in(workspace.lake.snapshot(), "order_lines")
    assert [(row["order_id"], row["line_id"]) for row in lines if row["category"] == "tea"] == [("a", "2")]
    assert len(lines) == 5


def test_only_files_with_a_replaced_row_are_written_anew(workspace: Workspace, duck: DuckEngine) -> None:
    for number in "123":
        put(workspace, duck, "orders", {"order_id": number}, {"order_id": number * 2})
    before = set(workspace.lake.snapshot().files["orders"])
    put(workspace, duck, "orders", {"order_id": "2", "store": "x"})
    assert len(before - set(workspace.lake.snapshot().files["orders"])) == 1
    assert keys_in(workspace, "orders") == ["1", "11", "2", "22", "3", "33"]


def test_a_second_upsert_in_one_change_sees_the_rows_of_the_first(workspace: Workspace, duck: DuckEngine) -> None:
    put(workspace, duck, "orders", {"order_id": "0"})
    with workspace.lake.change(at=AT) as change:
        for store in ("a", "b"):
            table = table_of("orders", {"order_id": "0", "store": store}, {"order_id": "1", "store": store})
            merged = change.upsert("orders", duck.from_arrow(table), duck)
    assert merged == Merged(0, updated=2)
    rows = rows_in(workspace.lake.snapshot(), "orders")
    assert [(row["order_id"], row["store"]) for row in rows] == [("0", "b"), ("1", "b")]


def test_columns_may_come_in_any_order(workspace: Workspace, duck: DuckEngine) -> None:
    table = table_of("orders", {"order_id": "1"})
    with workspace.lake.change(at=AT) as change:
        change.upsert("orders", duck.from_arrow(table.select(table.column_names[::-1])), duck)
    assert order(workspace) == table.to_pylist()[0]


def test_no_rows_make_no_table(workspace: Workspace, duck: DuckEngine) -> None:
    assert put(workspace, duck, "orders") == Merged(0)
    assert workspace.lake.snapshot().versions == {}


KINDS = ("added", "updated", "unchanged", "outdated")
PRODUCTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "product_id": st.sampled_from("abcd"),
        "name": st.sampled_from([None, "", "tea", "cup"]),
        "list_price": st.sampled_from([None, Decimal("1.0000"), Decimal("1.0001")]),
        "properties": st.sampled_from([None, [], [("k", "v")], [("k", "w")], [("k", None)]]),
        "updated_at": st.sampled_from([None, day(1), day(2), day(3)]),
    }
)
IMPORTS = st.lists(st.lists(PRODUCTS, max_size=5, unique_by=lambda row: row["product_id"]), min_size=1, max_size=3)


def judge(old: Row | None, row: Row) -> str:
    """What becomes of one row, by the rule."""
    if old is None:
        return "added"
    # No properties at all, or an empty map of them: they say the same.
    if all((old[name] or None) == (row[name] or None) for name in ("list_price", "properties")) and (
        old["name"] == row["name"]
    ):
        return "unchanged"
    outdated = old["updated_at"] and (row["updated_at"] is None or row["updated_at"] < old["updated_at"])
    return "outdated" if outdated else "updated"


@examples(10)
@given(IMPORTS)
def test_any_sequence_of_imports_ends_as_in_a_dict(duck: DuckEngine, imports: list[list[dict[str, Any]]]) -> None:
    stored: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(folder)
        for number, batch in enumerate([*imports, imports[-1]]):
            rows = {row["product_id"]: {**row, "import_id": str(number)} for row in batch}
            kinds = {key: judge(stored.get(key), row) for key, row in rows.items()}
            counts = Counter(kinds.values())
            assert put(workspace, duck, "products", *rows.values()) == Merged(*(counts[kind] for kind in KINDS))
            stored |= {key: row for key, row in rows.items() if kinds[key] in ("added", "updated")}
        product_rows = rows_in(workspace.lake.snapshot(), "products")
    assert [{name: row[name] for name in stored[row["product_id"]]} for row in product_rows] == sorted(
        stored.values(), key=lambda row: row["product_id"]
    )
