"""The peers of the main job: they grade as the product does, and both clean and compute alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from benchmarks import ours, pandas_job, peers, polars_job
from benchmarks.generate import write_orders
from benchmarks.tasks import Task
from polars.testing import assert_frame_equal

PEERS = {"pandas": pandas_job.main_job, "polars": polars_job.main_job}
DAMAGED = """\
X1,,2025-10-01 10:00:00,10.00,0.00,0.00,sale,completed,,web,
X2,C1,2025-10-01 10:00:00,10.00,0.00,0.00,sale,lost,,web,
X3,C1,2025-10-01 10:00:00,10.00,-1.00,0.00,sale,completed,,web,
X4,C1,2025-10-01 10:00:00,-10.00,0.00,0.00,sale,completed,,web,
X5,C1,2025-10-01 10:00:00,10.00,0.00,20.00,sale,completed,,web,
X6,C1,2025-10-01 10:00:00,10.00,0.00,0.00,sale,completed,,web,
X6,C1,2025-10-02 10:00:00,10.00,0.00,0.00,sale,completed,,web,
"""


def graded(name: str, csv: Path, folder: Path) -> Path:
    """The folder of a finished job: ours or a peer's."""
    (folder / name).mkdir()
    job = ours.main_job if name == "ours" else PEERS[name]
    job(Task(0, 1, folder, folder / name, csv=csv))()
    return folder / name


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graded")
    write_orders(folder / "orders.csv", 600, seed=7)
    for name in ("ours", *PEERS):
        graded(name, folder / "orders.csv", folder)
    return folder


@pytest.mark.parametrize("peer", PEERS)
def test_puts_every_customer_into_our_tier(folder: Path, peer: str) -> None:
    shares = peers.agree(Task(0, 1, folder, folder / "ours", other=folder / peer))()["same"]
    assert shares.pop("lifecycle") > 0.85  # fixed lines there, learned ones here
    assert len(shares) == 8
    assert set(shares.values()) == {1}


def test_both_compute_the_same_traits_and_schemes(folder: Path) -> None:
    first, second = (pl.read_parquet(folder / peer / "profile.parquet").sort("customer_id") for peer in PEERS)
    text = pl.col("top_channel", "top_store").cast(pl.String)
    first, second = (frame.with_columns(text).fill_nan(None) for frame in (first, second))
    assert_frame_equal(first, second, check_column_order=False, check_dtypes=False)


def test_both_reject_the_same_rows(tmp_path: Path) -> None:
    write_orders(tmp_path / "orders.csv", 50, seed=7)
    with (tmp_path / "orders.csv").open("a", encoding="utf-8") as file:
        file.write(DAMAGED)
    counts = [rejected(graded(peer, tmp_path / "orders.csv", tmp_path)) for peer in PEERS]
    assert counts[0] == counts[1] == [1, 1, 1, 1, 1, 1, "X1", "X2", "X3", "X4", "X5", "X6"]


def rejected(folder: Path) -> list[Any]:
    """How many rows have each problem, and the orders set aside."""
    quality = json.loads((folder / "quality.json").read_text("utf-8"))
    problems = ("missing", "unknown_word", "negative", "wrong_sign", "too_much_refund", "duplicate")
    return [*(quality[name] for name in problems), *pl.read_csv(folder / "rejected.csv")["order_id"]]


def test_the_floor_reads_the_file_and_sums(folder: Path, tmp_path: Path) -> None:
    details = peers.floor(Task(0, 1, folder, tmp_path, csv=folder / "orders.csv"))()
    counted = pl.read_csv(folder / "orders.csv").filter(pl.col("status").is_in(["completed", "refunded"]))
    assert details == {"customers": counted["customer_id"].n_unique(), "aggregates": 48}
