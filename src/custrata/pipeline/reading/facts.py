"""The facts of single customers in the lake: orders, lines, events, feedback.

In a large lake the rows of a customer are scattered over all files. `prepare_facts` writes copies of the large tables,
sorted by customer, next to the published run; a query that finds a current copy uses it, and takes a few milliseconds
instead of hundreds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from custrata.analytics.counted import COUNTED
from custrata.engine import DuckEngine
from custrata.identity.golden import ATTRIBUTES
from custrata.lake import LakeSnapshot, Run, Workspace
from custrata.lake.durable import sync
from custrata.lake.locks import locked
from custrata.lake.manifest import FILE as MANIFEST
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.reading.connection import Connection, Serving, literal
from custrata.schema import TABLES

Row = dict[str, Any]
Answer = TypeVar("Answer")

MANY = 500_000
LOCK, COPY, HALF = ".facts.lock", "_by_customer-", ".half"
ALL = 1_000_000

ORDERS = (
    "customer_id, ordered_at, order_id, kind, status, amount, discount, refund, returns_order_id, channel, store"
)  # fmt: skip
RECORDS = "customer_id, imported_at, source, source_id, import_id, updated_at, " + ", ".join(ATTRIBUTES)
EVENTS = "customer_id, occurred_at, event_id, name, channel, value"
FEEDBACK = "customer_id, given_at, feedback_id, kind, score, text, channel"
# The customer of a line is that of its order; the category of the product takes precedence over that of the line.
LINES = """
SELECT o.customer_id, o.ordered_at, l.order_id, coalesce(l.product_name, p.name, l.product_id) AS product,
       coalesce(p.category, l.category) AS category, l.quantity, l.amount
FROM {order_lines} AS l
JOIN (SELECT DISTINCT customer_id, ordered_at, order_id FROM {orders} WHERE kind = 'sale' AND {whose}) AS o
    ON l.order_id = o.order_id
LEFT JOIN (SELECT product_id, name, category FROM {products}) AS p ON l.product_id = p.product_id
"""


@dataclass(frozen=True)
class PurchaseShare:
    """The part of a category or channel in the purchases: number of sold orders, and amount. Name None: unknown."""

    name: str | None
    orders: int
    amount: Decimal


@dataclass(frozen=True)
class SourceValue:
    """The newest value of an attribute in the sources, with its source, file and time of import."""

    value: Any
    source: str
    file: str | None
    at: datetime


@dataclass(frozen=True)
class Sale:
    """One sold order: its number, when, its worth after refunds and returns, and where it was sold."""

    order_id: str
    at: datetime
    net: Decimal
    channel: str | None


@dataclass(frozen=True)
class Purchases:
    """Everything a customer bought: the sold orders from the first on, and the parts by category and channel, the
    largest first. The amounts of categories are those of the lines, before refunds."""

    sales: tuple[Sale, ...]
    categories: tuple[PurchaseShare, ...]
    channels: tuple[PurchaseShare, ...]


@dataclass(frozen=True)
class _Copy:
    """A copy of lake data sorted by customer: the tables it is made of, and its query."""

    name: str
    made_of: tuple[str, ...]
    sql: str
    at: str
    key: str

    def mark(self, lake: LakeSnapshot) -> str:
        """A short hash of the content of the source tables."""
        states = (lake.manifest.tables.get(name) for name in self.made_of)
        return sha256("".join(state.content if state else "-" for state in states).encode()).hexdigest()[:16]

    def path(self, run: Run, lake: LakeSnapshot) -> Path:
        """The path of the copy for the current content."""
        return run.folder / f"{self.name}{COPY}{self.mark(lake)}.parquet"


def _plain(name: str, columns: str, at: str, key: str) -> _Copy:
    return _Copy(name, (name,), f"SELECT {columns} FROM {{{name}}} WHERE {{whose}}", at, key)


COPIES = {
    copy.name: copy
    for copy in (
        _plain("orders", ORDERS, "ordered_at", "order_id"),
        _Copy("order_lines", ("order_lines", "orders", "products"), LINES, "ordered_at", "order_id, product"),
        _plain("events", EVENTS, "occurred_at", "event_id"),
        _plain("customer_records", RECORDS, "imported_at", "source, source_id"),
        _plain("feedback", FEEDBACK, "given_at", "feedback_id"),
    )
}


class CustomerFacts:
    """The facts of single customers in the current lake."""

    run: GradedRun

    def __init__(self, workspace: Workspace, serving: Serving) -> None:
        self._workspace = workspace
        self._serving = serving
        self._lake: tuple[tuple[int, int, int], LakeSnapshot] | None = None
        self._lake_lock = Lock()

    def orders(self, customer_id: str, limit: int = ALL, *, before: datetime | None = None) -> list[Row]:
        """Orders and returns, the newest first: `order_id`, `ordered_at`, `kind`, `status`, `amount`, `discount`,
        `refund`, `returns_order_id`, `channel`, `store`."""
        return self._facts("orders", customer_id, limit, before)

    def lines(self, customer_id: str, limit: int = ALL) -> list[Row]:
        """Lines of the orders, the newest first: `order_id`, `ordered_at`, `product`, `category`, `quantity`,
        `amount`."""
        return self._facts("order_lines", customer_id, limit)

    def events(self, customer_id: str, limit: int = ALL, *, before: datetime | None = None) -> list[Row]:
        """Events, the newest first: `occurred_at`, `event_id`, `name`, `channel`, `value`."""
        return self._facts("events", customer_id, limit, before)

    def feedback(self, customer_id: str, limit: int = ALL, *, before: datetime | None = None) -> list[Row]:
        """Feedback, the newest first: `given_at`, `feedback_id`, `kind`, `score`, `text`, `channel`."""
        return self._facts("feedback", customer_id, limit, before)

    def purchases(self, customer_id: str) -> Purchases:
        """The purchases, counted by the same rules as traits: see `custrata.analytics.counted`."""
        sales = tuple(_sold(self.orders(customer_id), free=self._workspace.settings.free_orders == "count"))
        numbers = {sale.order_id for sale in sales}
        lines = [line for line in self.lines(customer_id) if line["order_id"] in numbers]
        return Purchases(
            sales,
            _parts((line["category"], line["order_id"], line["amount"]) for line in lines),
            _parts((sale.channel, sale.order_id, sale.net) for sale in sales),
        )

    def source_values(self, customer_id: str) -> dict[str, SourceValue]:
        """The newest non-empty value of each attribute in the sources, as the golden record takes it."""
        files = {record.import_id: record.file_name for record in self._snapshot().imports}
        values: dict[str, SourceValue] = {}
        for record in sorted(self._facts("customer_records", customer_id, ALL), key=_recency, reverse=True):
            for name in ATTRIBUTES:
                if record[name] is not None and name not in values:
                    file = files.get(record["import_id"])
                    values[name] = SourceValue(record[name], record["source"], file, record["imported_at"])
        return values

    def _facts(self, name: str, customer_id: str, limit: int, before: datetime | None = None) -> list[Row]:
        copy = COPIES[name]
        earlier = "" if before is None else f"WHERE {copy.at} < ? "
        values: list[object] = [customer_id] if before is None else [customer_id, before]

        def query(connection: Connection, lake: LakeSnapshot) -> list[Row]:
            sql = self._source(copy, lake)
            order = f"{copy.at} DESC, {copy.key} LIMIT {int(limit)}"
            rows = connection.table(f"SELECT * EXCLUDE (customer_id) FROM ({sql}) {earlier}ORDER BY {order}", values)
            return list(rows.to_pylist())

        return [] if not self._snapshot().rows(name) else self._run_lake_query(query)

    def _source(self, copy: _Copy, lake: LakeSnapshot) -> str:
        path = copy.path(self.run, lake)
        if path.exists():
            return f"SELECT * FROM read_parquet({literal(str(path))}) WHERE customer_id = ?"
        return copy.sql.format(**_tables(copy, lake), whose="customer_id = ?")

    def _run_lake_query(self, query: Callable[[Connection, LakeSnapshot], Answer]) -> Answer:
        """Run a query on the lake; retry once on a new snapshot where its files were removed meanwhile."""
        for last in (False, True):
            lake = self._snapshot(anew=last)
            try:
                with self._serving.connect() as connection:
                    return query(connection, lake)
            except Exception:  # any engine error about a missing file
                if last:
                    raise
        raise AssertionError

    def _snapshot(self, *, anew: bool = False) -> LakeSnapshot:
        """The current snapshot of the lake, cached until its manifest is replaced."""
        stat = (self._workspace.lake.folder / MANIFEST).stat()
        state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._lake_lock:
            if anew or self._lake is None or self._lake[0] != state:
                self._lake = (state, self._workspace.lake.snapshot())
            return self._lake[1]


def prepare_facts(workspace: Workspace, *, threads: int = 2, memory: str = "1GB", many: int = MANY) -> list[str]:
    """Write copies of tables of at least `many` rows, sorted by customer; returns the names of the written ones.

    The copies are in the folder of the published run, are removed with it, and erasures rewrite them. Copies that are
    up to date are not written again.

    Raises `Busy` where another process is writing them.
    """
    run = workspace.runs.published()
    if run is None:
        return []
    with locked(workspace.runs.folder / LOCK, wait=0), workspace.lake.reading() as lake:
        large = [copy for copy in COPIES.values() if lake.rows(copy.name) >= many]
        present = {copy.path(run, lake) for copy in large}
        for stale in workspace.runs.folder.glob(f"runs/*/*{COPY}*"):
            if stale not in present:
                stale.unlink(missing_ok=True)
        missing = [copy for copy in large if not copy.path(run, lake).exists()]
        if missing:
            with DuckEngine(threads=threads, memory_limit=memory) as engine:
                for copy in missing:
                    _write(copy, run, lake, engine)
        return [copy.name for copy in missing]


def _write(copy: _Copy, run: Run, lake: LakeSnapshot, engine: DuckEngine) -> None:
    path = copy.path(run, lake)
    half = path.with_name(path.name + HALF)
    rows = copy.sql.format(**_tables(copy, lake), whose="customer_id IS NOT NULL")
    engine.raw.execute(
        f"COPY ({rows} ORDER BY customer_id, {copy.at}) TO {literal(str(half))} (FORMAT parquet, COMPRESSION zstd)"
    )
    sync(half)
    half.replace(path)


def _tables(copy: _Copy, lake: LakeSnapshot) -> dict[str, str]:
    """The source tables of a copy as SQL; a table without files is an empty one."""
    return {name: _read(name, lake.files.get(name, ())) for name in copy.made_of}


def _read(name: str, files: Sequence[Path]) -> str:
    if files:
        return f"read_parquet([{', '.join(literal(str(file)) for file in files)}])"
    columns = ", ".join(f"NULL AS {column}" for column in TABLES[name].names)
    return f"(SELECT {columns} WHERE false)"


def _recency(record: Row) -> tuple[datetime, datetime, str, str]:
    """The sort key of records by age: see `custrata.identity.golden`."""
    updated_at = record["updated_at"] or record["imported_at"]
    return updated_at, record["imported_at"], record["source"], record["source_id"]


def _sold(orders: Sequence[Mapping[str, Any]], *, free: bool) -> Iterable[Sale]:
    """The counted sales that were not fully returned, oldest first; a return that refers to a sale is subtracted from
    it."""
    counted = [order for order in orders if order["status"] in COUNTED]
    back: dict[str, Decimal] = {}
    for order in counted:
        if order["kind"] == "return" and order["returns_order_id"] is not None:
            back[order["returns_order_id"]] = back.get(order["returns_order_id"], Decimal(0)) - order["amount"]
    for order in reversed(counted):
        given_back = order["refund"] + back.get(order["order_id"], Decimal(0))
        net = order["amount"] - given_back
        gift = free and order["status"] == "completed" and not order["amount"] and not given_back
        if order["kind"] == "sale" and (net > 0 or gift):
            yield Sale(order["order_id"], order["ordered_at"], net, order["channel"])


def _parts(named: Iterable[tuple[str | None, str, Decimal]]) -> tuple[PurchaseShare, ...]:
    """By name, the number of distinct orders and the sum, the largest first."""
    orders: dict[str | None, set[str]] = {}
    sums: dict[str | None, Decimal] = {}
    for name, order, amount in named:
        orders.setdefault(name, set()).add(order)
        sums[name] = sums.get(name, Decimal(0)) + amount
    parts = (PurchaseShare(name, len(orders[name]), amount) for name, amount in sums.items())
    return tuple(sorted(parts, key=lambda part: (-part.amount, part.name or "")))
