from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from tests.ingest.conftest import Shop


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
    shop.takes("orders", path)
    assert shop.rows("orders", "order_id", "customer_id", "amount", "ordered_at", "properties") == [
        ("1", "17850", Decimal("12.50"), datetime(2024, 1, 5, 10, tzinfo=UTC), {"备注": "x"}),
        ("2", None, Decimal(-3), datetime(2024, 1, 5, 10, 0, 0, 5, tzinfo=UTC), None),
    ]


def test_days_are_days_of_the_workspace(shop: Shop, tmp_path: Path) -> None:
    shop.takes("orders", parquet(tmp_path, order_id=["1"], customer_id=["a"], date=[date(2024, 1, 5)], amount=[0.1]))
    assert shop.rows("orders", "ordered_at", "amount") == [(datetime(2024, 1, 4, 16, tzinfo=UTC), Decimal("0.10"))]


def test_times_without_a_zone_are_wall_times(shop: Shop, tmp_path: Path) -> None:
    when = [datetime(2024, 1, 5, 10, 30)]
    shop.takes("orders", parquet(tmp_path, order_id=["1"], customer_id=["a"], date=when, amount=[1]))
    assert shop.rows("orders", "ordered_at") == [(datetime(2024, 1, 5, 2, 30, tzinfo=UTC),)]


def test_nested_columns_become_texts(shop: Shop, tmp_path: Path) -> None:
    shop.takes(
        "orders",
        parquet(tmp_path, order_id=["1"], customer_id=["a"], date=["2024-01-05"], amount=[1], tags=[["x", "y"]]),
    )
    assert shop.rows("orders", "properties") == [({"tags": "[x, y]"},)]


def test_rejected_rows_come_out_as_text(shop: Shop, tmp_path: Path) -> None:
    path = parquet(tmp_path, order_id=["1", None], customer_id=["a", "b"], date=[date(2024, 1, 5)] * 2, amount=[1, 2])
    result = shop.takes("orders", path)
    assert shop.quarantine(result)[1] == ",b,2024-01-05,2,3,order_id,,a value is missing"
