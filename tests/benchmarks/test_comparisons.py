"""What must hold beside each peer, and how the tables say it."""

from __future__ import annotations

import pytest
from benchmarks.comparisons import COMPARISONS, Comparison, Measurement, Peer
from benchmarks.tables import sheets
from benchmarks.tasks import Timing

BY_WORK = {comparison.work: comparison for comparison in COMPARISONS}
MILLION = 1_000_000


def measured(comparison: Comparison, customers: int = MILLION, **seconds: float) -> Measurement:
    timings = {work: [Timing(taken, taken, 500)] for work, taken in seconds.items()}
    same = {peer: {"value": 1.0} for peer in ("pandas", "polars")}
    return Measurement(comparison, customers, 10 * customers, timings, same)


@pytest.mark.parametrize(
    ("work", "peer", "must"),
    [
        ("main", "pandas", "≥ 1.5 × as fast, ≤ 4 GB"),
        ("main", "polars", "≥ 1 × as fast, ≤ 4 GB"),
        ("main", "floor", "≤ 2 ×, ≤ 4 GB"),
        ("refresh", "bare_all", "≤ 2.5 ×"),
        ("refresh", "bare", ""),
        ("refresh_imported", "bare_all", "≤ 2.5 ×"),
        ("preview", "simulation_sql", "≤ 0.3 s"),
    ],
)
def test_each_peer_has_a_mark_of_its_own(work: str, peer: str, must: str) -> None:
    (among,) = (candidate for candidate in BY_WORK[work].peers if candidate.work == peer)
    assert BY_WORK[work].must(among) == must


def test_the_table_has_a_row_for_every_peer_of_the_main_job() -> None:
    table = sheets([measured(BY_WORK["main"], main=20.0, pandas=40.0, polars=19.0, floor=12.0)])[0]
    rows = [(row[5], row[8].split()[0], row[10]) for row in table.rows]
    assert rows == [
        ("pandas", "2.00", "yes"), ("polars", "0.95", "no"), ("duckdb: bare reading, filtered sums", "1.67", "yes")
    ]  # fmt: skip


def test_marks_hold_at_a_million_customers_only() -> None:
    table = sheets([measured(BY_WORK["main"], 10_000, main=20.0, pandas=10.0, polars=9.0, floor=1.0)])[0]
    assert {row[10] for row in table.rows} == {""}


def test_too_much_memory_fails_every_mark() -> None:
    main = BY_WORK["main"]
    assert not any(main.met(peer, 3 if peer.faster else 1, 5_000, 1) for peer in main.peers)


def test_a_peer_without_a_mark_is_only_reported() -> None:
    table = sheets([measured(BY_WORK["refresh"], refresh=20.0, bare_all=10.0, bare=1.0)])[0]
    assert [row[9:] for row in table.rows] == [("≤ 2.5 ×", "yes"), ("", "")]


def test_a_mark_by_the_clock_reads_our_seconds() -> None:
    comparison = Comparison("simulation", "preview", "preview", (Peer("bare", "bare"),), most_seconds=0.3)
    assert comparison.met(comparison.peers[0], 9, 100, 0.3)
    assert not comparison.met(comparison.peers[0], 9, 100, 0.31)


def test_agreement_has_a_row_for_each_peer() -> None:
    agreement = sheets([measured(BY_WORK["main"], main=20.0)])[-1]
    assert [row[0] for row in agreement.rows] == ["pandas", "polars"]
