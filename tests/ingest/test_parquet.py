from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.ingest.conftest import Shop

from custrata.errors import CustrataError
from custrata.ingest.parquet import BadCellLimit, DamagedFile, TooDeepColumns, TooLargeParts, TooManyCells


def parquet(folder: Path, **columns: object) -> Path:
    path = folder / "orders.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def test_imports_typed_columns(shop: Shop, tmp_path: Path) -> None:
    instants = pa.array([datetime(2024, 1, 5, 10, tzinfo=UTC), datetime(2024, 1, 5, 10, 0, 0, 5, tzinfo=UTC)])
    amounts = pa.array([Decimal("12.50"), Decimal("-3.00")])
    path = parquet(
        tmp_path, order_id=[1, 2], customer_id=[17850.0, None], ordered_at=instants, amount=amounts, 备注=["x", ""]
    )
    shop.import_path("orders", path)
    assert shop.rows("orders", "order_id", "customer_id", "amount", "ordered_at", "properties") == [
        ("1", "17850", Decimal("12.50"), datetime(2024, 1, 5, 10, tzinfo=UTC), {"备注": "x"}),
        ("2", None, Decimal(-3), datetime(2024, 1, 5, 10, 0, 0, 5, tzinfo=UTC), None),
    ]


def test_days_are_days_of_the_workspace(shop: Shop, tmp_path: Path) -> None:
    shop.import_path(
        "orders", parquet(tmp_path, order_id=["1"], customer_id=["a"], date=[date(2024, 1, 5)], amount=[0.1])
    )
    assert shop.rows("orders", "ordered_at", "amount") == [(datetime(2024, 1, 4, 16, tzinfo=UTC), Decimal("0.10"))]


def test_times_without_a_zone_are_wall_times(shop: Shop, tmp_path: Path) -> None:
    when = [datetime(2024, 1, 5, 10, 30)]
    shop.import_path("orders", parquet(tmp_path, order_id=["1"], customer_id=["a"], date=when, amount=[1]))
    assert shop.rows("orders", "ordered_at") == [(datetime(2024, 1, 5, 2, 30, tzinfo=UTC),)]


def test_nested_columns_become_texts(shop: Shop, tmp_path: Path) -> None:
    shop.import_path(
        "orders",
        parquet(tmp_path, order_id=["1"], customer_id=["a"], date=["2024-01-05"], amount=[1], tags=[["x", "y"]]),
    )
    assert shop.rows("orders", "properties") == [({"tags": "[x, y]"},)]


def test_rejected_rows_come_out_as_text(shop: Shop, tmp_path: Path) -> None:
    path = parquet(tmp_path, order_id=["1", None], customer_id=["a", "b"], date=[date(2024, 1, 5)] * 2, amount=[1, 2])
    result = shop.import_path("orders", path)
    assert shop.quarantine(result)[1] == ",b,2024-01-05,2,3,order_id,,a value is missing"


def repetitive_file(folder: Path, rows: int, text: str | None = None) -> Path:
    """A small file of many rows, all alike."""
    path = folder / "flood.parquet"
    same = pa.array([1] if text is None else [text])
    batch = pa.table({"order_id": pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000, pa.int8()), same)})
    with pq.ParquetWriter(path, batch.schema, compression="zstd") as writer:
        for _ in range(rows // 1_000_000):
            writer.write_table(batch)
    return path


def refused(shop: Shop, kind: str, path: Path, by: type[CustrataError]) -> CustrataError:
    """The refusal of a file, which changed nothing."""
    before = shop.state
    with pytest.raises(by) as raised:
        shop.import_path(kind, path)
    assert shop.state == before
    return raised.value


def with_row_count(path: Path, rows: int, claimed: int) -> Path:
    """The file with another number of rows in its footer (Thrift's zigzag integers of two bytes)."""

    def written(number: int) -> bytes:
        zigzag = number << 1
        return bytes([zigzag & 0x7F | 0x80, zigzag >> 7])

    data = path.read_bytes()
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    path.write_bytes(data[:start] + data[start:].replace(written(rows), written(claimed), 1))
    return path


def test_a_few_bytes_that_become_hundreds_of_millions_of_rows_are_refused_before_reading(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = repetitive_file(tmp_path, 200_000_000)
    assert trap.stat().st_size < 3 << 20
    assert "200,000,000" in str(refused(shop, "orders", trap, TooManyCells))
    monkeypatch.setenv("CUSTRATA_IMPORT_CELLS", "1000")
    refused(shop, "orders", parquet(tmp_path, order_id=["1"] * 1001), TooManyCells)


def test_a_long_text_repeated_in_every_row_is_refused(shop: Shop, tmp_path: Path) -> None:
    refused(shop, "orders", repetitive_file(tmp_path, 1_000_000, "x" * 1_000_000), TooLargeParts)


def test_a_footer_that_lies_about_its_rows_is_refused(shop: Shop, tmp_path: Path) -> None:
    path = parquet(tmp_path, order_id=[str(number) for number in range(300)])
    refused(shop, "orders", with_row_count(path, 300, 200), DamagedFile)


def test_columns_nested_too_deep_are_refused(shop: Shop, tmp_path: Path) -> None:
    deep: object = 1
    for _ in range(20):
        deep = [deep]
    refused(shop, "orders", parquet(tmp_path, order_id=[deep]), TooDeepColumns)


def test_the_limit_of_cells_is_a_number(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTRATA_IMPORT_CELLS", "1e99999999")
    refused(shop, "orders", parquet(tmp_path, order_id=["1"]), BadCellLimit)
