"""The data of a shop while its server is killed: in each round a file of customers, one of orders, a refresh.

Nothing depends on timing: the orders of a round were placed after the refresh that may still run, so a
refresh gives the same whether they are in the lake already or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
from benchmarks.generate import write_orders

from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.pipeline import refresh

AT = datetime(2026, 1, 1, 4, tzinfo=UTC)
CUSTOMERS = 1_500
FIRST, STEP, ROUNDS = date(2025, 7, 1), timedelta(days=2), 90
WRONG = 5  # invalid amounts per file of orders


@dataclass(frozen=True)
class Round:
    """The file imported before a refresh, the day of the refresh, and the orders placed from that day on."""

    number: int
    people: Path
    day: date
    orders: tuple[Path, ...]


class Shop:
    """The files of a shop; deterministic."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        write_orders(folder / "all.csv", CUSTOMERS, seed=11)
        self._orders = pl.read_csv(folder / "all.csv", infer_schema=False)

    def open(self, home: Path) -> Workspace:
        """A workspace with everything before the first round imported, and one run."""
        workspace = Workspace.create(home, name="Shop", currency="CNY", timezone="Asia/Shanghai", language="en")
        with DuckEngine(threads=2) as engine:
            import_file(workspace, "customers", self._customers(0, range(1, CUSTOMERS + 1)), at=AT, engine=engine)
            import_file(workspace, "orders", self._orders_between("before", None, FIRST), at=AT, engine=engine)
            refresh(workspace, engine, at=AT, as_of=FIRST.isoformat())
        return workspace

    def rounds(self) -> Iterator[Round]:
        """The rounds in order."""
        for number in range(1, ROUNDS + 1):
            day = FIRST + number * STEP
            people = (
                self._customers(number, range(number, CUSTOMERS, 97))
                if number % 2
                else self._corrected_orders(number, day)
            )
            days = [day + timedelta(days=later) for later in range(STEP.days)]
            orders = tuple(
                self._orders_between(f"{ordered_on}", ordered_on, ordered_on + timedelta(days=1)) for ordered_on in days
            )
            yield Round(number, people, day, orders)

    def _customers(self, number: int, who: range) -> Path:
        """A file of customers with new phone numbers, and one new customer."""
        ids = [*(f"C{customer:08}" for customer in who), f"N{number:08}"]
        phones = [f"139{number:02}{index % 1_000_000:06}" for index in range(len(ids))]
        table = pl.DataFrame({"customer_id": ids, "name": [f"王{customer_id}" for customer_id in ids], "phone": phones})
        table.write_csv(self.folder / f"customers-{number}.csv")
        return self.folder / f"customers-{number}.csv"

    def _corrected_orders(self, number: int, before: date) -> Path:
        """A file of corrected amounts of old orders."""
        orders = self._orders.filter(pl.col("ordered_at") < before.isoformat()).gather_every(211, offset=number)
        path = self.folder / f"mended-{number}.csv"
        orders.with_columns(amount=pl.lit(f"{number + 7}.35")).filter(pl.col("kind") == "sale").write_csv(path)
        return path

    def _orders_between(self, name: str, first: date | None, end: date) -> Path:
        """A file of the orders of some days, some with invalid amounts."""
        orders = self._orders.filter(pl.col("ordered_at") < end.isoformat())
        if first is not None:
            orders = orders.filter(pl.col("ordered_at") >= first.isoformat())
        wrong = pl.int_range(pl.len()) < WRONG
        path = self.folder / f"orders-{name}.csv"
        orders.with_columns(amount=pl.when(wrong).then(pl.lit("?")).otherwise("amount")).write_csv(path)
        return path


def kind_of(file: Path) -> str:
    """The import kind of a file of the shop."""
    return "customers" if file.name.startswith("customers") else "orders"


def run_undisturbed(workspace: Workspace, rounds: list[Round]) -> None:
    """The same rounds sequentially, without kills."""
    with DuckEngine(threads=2) as engine:
        for round_ in rounds:
            import_file(workspace, kind_of(round_.people), round_.people, at=AT, engine=engine)
            refresh(workspace, engine, at=AT, as_of=round_.day.isoformat())
            for file in round_.orders:
                import_file(workspace, "orders", file, at=AT, engine=engine)
