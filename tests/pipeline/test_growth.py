"""Daily imports and refreshes: the size on disk stays under three times the size of the live data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import polars as pl
import pytest

from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.pipeline import refresh
from custrata.pipeline.upkeep import DiskUse, compact_if_due, disk_use, retain
from tests.pipeline.conftest import AT, opened
from tests.pipeline.lives import SIZE, VIP, publish

START = datetime(2025, 7, 1)
CUSTOMERS, FIRST, NEW, CORRECTED, RECENT, RETAINED = 1_000, 60_000, 20, 20, 2_000, 60
MOST = 3


@dataclass(frozen=True)
class Grown:
    """After so many imports and refreshes: bytes that are needed, bytes of facts alone, and all that lie there."""

    imports: int
    use: DiskUse
    runs: int

    @property
    def lake(self) -> int:
        return sum(self.use.parts[part] for part in ("facts", "dead", "lake_log"))

    @property
    def needed(self) -> int:
        return self.use.parts["facts"] + self.use.parts["runs"] - self.use.freeable["runs"]


def orders(chance: Random, day: int, many: int) -> list[dict[str, object]]:
    """New orders of some day."""
    return [
        {
            "order_id": f"o{day + 600:03}-{place:04}-{chance.randrange(10**9):09}",
            "customer_id": f"c{chance.randrange(CUSTOMERS)}",
            "ordered_at": (START + timedelta(days=day, seconds=chance.randrange(80_000))).isoformat(),
            "amount": chance.randrange(100, 90_000) / 100,
            "channel": chance.choice(("web", "shop", "app")),
        }
        for place in range(many)
    ]


def days(chance: Random, rows: list[dict[str, object]], many: int) -> Iterator[list[dict[str, object]]]:
    """The rows of so many days: new orders, old ones corrected, which touch every file there is, and one bad row."""
    for day in range(many):
        new = orders(chance, day, NEW)
        old = [row | {"amount": chance.randrange(1, 200)} for row in chance.sample(rows[-RECENT:], CORRECTED)]
        rows += new
        yield [*new, *old, {**new[0], "order_id": f"b{day}", "ordered_at": "no day"}]


def grown(workspace: Workspace, duck: DuckEngine, many: int) -> Iterator[Grown]:
    """Import and refresh day after day, as the command line does, and measure before anything is tidied."""
    chance, file = Random(11), workspace.folder.parent / "orders.csv"
    rows = [row for day in range(-600, 0) for row in orders(chance, day, FIRST // 600)]
    publish(workspace, VIP, SIZE)
    pl.DataFrame(rows).write_csv(file)
    import_file(workspace, "orders", file, at=AT, engine=duck, accept_defaults=True)
    for number, some in enumerate(days(chance, rows, many), start=1):
        pl.DataFrame(some).write_csv(file)
        at = AT + timedelta(days=number)
        import_file(workspace, "orders", file, at=at, engine=duck, accept_defaults=True)
        measured = disk_use(workspace, at=at)
        compact_if_due(workspace, at=at)
        refresh(workspace, duck, at=at)
        retain(workspace)
        runs = len(workspace.runs.ids())
        yield Grown(number, measured, runs)


def stays_small(workspace: Workspace, duck: DuckEngine, many: int) -> list[Grown]:
    """Every moment of the growth, having checked that each is small."""
    moments = []
    for moment in grown(workspace, duck, many):
        assert moment.use.total <= MOST * moment.needed
        assert moment.lake <= MOST * moment.use.parts["facts"]
        moments.append(moment)
    return moments


@pytest.mark.parametrize("many", [6, pytest.param(15, marks=pytest.mark.deep)])
def test_some_imports_and_refreshes_stay_under_three_times_the_live_data(
    workspace: Workspace, duck: DuckEngine, many: int
) -> None:
    moments = stays_small(workspace, duck, many)
    assert workspace.lake.snapshot().rows("orders") == FIRST + many * NEW
    assert any(moment.use.parts["dead"] for moment in moments)  # else nothing was tried


@pytest.mark.deep
def test_three_hundred_imports_and_refreshes_stay_under_three_times_the_live_data(
    workspace: Workspace, duck: DuckEngine
) -> None:
    moments = stays_small(workspace, duck, 300)
    assert moments[-1].runs <= RETAINED + 15
    assert max(moment.use.parts["lake_log"] for moment in moments) < 2_000_000


def main() -> None:
    """Print the table of `docs/server/disk.md`: `python -m tests.pipeline.test_growth FOLDER`."""
    import sys

    workspace = opened(Path(sys.argv[1]))
    with DuckEngine(threads=1) as duck:
        for moment in grown(workspace, duck, 300):
            if moment.imports in (1, 10, 30, 60, 100, 150, 200, 250, 300) or moment.imports % 50 == 49:
                parts = moment.use.parts
                print(moment.imports, *parts.values(), moment.runs, moment.use.total, moment.needed, flush=True)


if __name__ == "__main__":
    main()
