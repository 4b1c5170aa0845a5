"""The quality report of an import: rows read, missing, duplicate and unusual values, and totals."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.engine.functions import discrete_quantile
from custrata.ingest.canonical import DIFFERS, as_reported
from custrata.ingest.fields import FileKind
from custrata.ingest.functions import fingerprint
from custrata.ingest.lines import RETURN_NUMBER, order_status
from custrata.ingest.money import LIMITS
from custrata.ingest.plan import Plan, Views
from custrata.ingest.staging import Staged
from custrata.schema import INSTANT, MONEY

Figure = int | Decimal | None
NINETIES = datetime(1990, 1, 1, tzinfo=UTC)
OUTLYING_SHARE, OUTLYING_TIMES = 0.999, 10
COUNTED = ("completed", "refunded")


@dataclass(frozen=True)
class QualityReport:
    """What an import found.

    `reasons` counts rejected rows by reason, `missing` empty cells and `invalid` unusable contacts by column;
    `left_out` rows are no orders; `superseded` rows gave way to a later row of the same key, `repeats` rows said the
    very same as another; `figures` are what the kind of file adds up to: orders, customers, sales and returns of known
    customers and of anonymous ones.
    """

    kind: str
    rows: int
    accepted: int
    rejected: int
    left_out: int = 0
    blank: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)
    invalid: dict[str, int] = field(default_factory=dict)
    superseded: int = 0
    repeats: int = 0
    first: datetime | None = None
    last: datetime | None = None
    figures: dict[str, Figure] = field(default_factory=dict)

    def to_dict(self) -> dict[str, object]:
        """The report as plain values: amounts as texts, instants in ISO form.

        >>> QualityReport("orders", rows=2, accepted=2, rejected=0).to_dict()["rows"]
        2
        """
        return {name: _plain(value) for name, value in asdict(self).items()}

    def entries(self) -> list[tuple[str, object]]:
        """The entries to report, as label key (`ingest`, `quality.<key>`) and value, in display order."""
        own: list[tuple[str, object]] = [(name, getattr(self, name)) for name in ("rows", "accepted", "rejected")]
        own += [
            (name, getattr(self, name))
            for name in ("left_out", "blank", "superseded", "repeats")
            if getattr(self, name)
        ]
        own += [(name, value) for name in ("first", "last") if (value := getattr(self, name)) is not None]
        return own + [(name, value) for name, value in self.figures.items() if value is not None]


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value


def missing_cells(views: Views, staged: Staged, plan: Plan) -> dict[str, int]:
    """Empty cells of every column the file has, by header; columns without any are left out."""
    there: dict[str, str] = {}
    for told_field in plan.fields:
        places = [place for place in (as_reported(told_field.place), told_field.place) if staged.has(place)]
        if places and told_field.name in plan.mapping.fields:
            there[told_field.name] = places[0]
    counts = views.engine.arrow(staged.rows.aggregate(
        **{name: staged.rows[place].count() for name, place in there.items()}
    )).to_pylist()[0]  # fmt: skip
    return {plan.header(name): empty for name, filled in counts.items() if (empty := staged.read - filled) > 0}


def fact_figures(views: Views, rows: ir.Table, kind: FileKind, at: datetime) -> dict[str, object]:
    """`first` and `last` instant, how many lie in the future of `at` or before 1990, and outlying amounts."""
    if kind.table.at is None:
        return {}
    when, now = rows[kind.table.at], ibis.literal(at, INSTANT)
    aggregates: dict[str, ir.Scalar] = {
        "first": when.min(),
        "last": when.max(),
        "in_future": (when > now).sum().fill_null(0),
        "before_1990": (when < ibis.literal(NINETIES, INSTANT)).sum().fill_null(0),
    }
    if kind.name in ("orders", "lines"):
        aggregates["usual"] = discrete_quantile(rows.amount.abs(), OUTLYING_SHARE)
    figures = views.engine.arrow(rows.aggregate(**aggregates)).to_pylist()[0]
    usual = figures.pop("usual", None)
    if usual and usual * OUTLYING_TIMES >= LIMITS[MONEY]:
        figures["outliers"] = 0
    elif usual:
        figures["outliers"] = _first(views, rows, (rows.amount.abs() > usual * OUTLYING_TIMES).sum().fill_null(0))
    return cast(dict[str, object], figures)


def _first(views: Views, rows: ir.Table, aggregate: ir.IntegerScalar) -> int:
    return int(views.engine.arrow(rows.aggregate(n=aggregate)).to_pylist()[0]["n"])


def line_figures(views: Views, lines: ir.Table, orders: ir.Table) -> dict[str, Figure]:
    """Of the lines of a file and the orders they make up: anonymous lines, returns, prices, and the orders' figures."""
    returns = lines.order_id.re_search(RETURN_NUMBER) | (lines.kind == "return").fill_null(False)
    counts = views.engine.arrow(lines.aggregate(
        anonymous_lines=lines.customer_id.isnull().sum().fill_null(0),
        return_lines=returns.sum().fill_null(0),
        nonpositive_price_lines=(lines.unit_price <= 0).sum().fill_null(0),
        differing_lines=lines[DIFFERS].sum().fill_null(0),
        products=lines.product_id.nunique(),
    )).to_pylist()[0]  # fmt: skip
    return {**counts, **order_figures(views, orders)}


def orders_of_lines(lines: ir.Table, *, with_status: bool) -> ir.Table:
    """The orders that the lines of this file alone make up, as far as the figures need them."""
    head = {"status": order_status(lines)} if with_status else {}
    orders = lines.group_by("order_id").agg(customer_id=lines.customer_id.max(), amount=lines.amount.sum(), **head)
    status = orders.status.fill_null("completed") if with_status else ibis.literal("completed")
    return orders.mutate(status=status)


def order_figures(views: Views, orders: ir.Table) -> dict[str, Figure]:
    """Orders, customers, sales and returns; only orders that count, and as sales only those with an amount."""
    counts, identified = orders.status.isin(COUNTED), orders.customer_id.notnull()
    groups = orders.group_by(counts=counts, known=identified, side=orders.amount.sign().cast("int8")).agg(
        orders=orders.count(), amount=orders.amount.sum().cast("decimal(38, 2)")
    )
    sums = {(row["counts"], row["known"], row["side"]): row for row in views.engine.arrow(groups).to_pylist()}

    def figure_of(identified: bool, side: int, figure: str, nothing: Figure) -> Figure:
        return cast(Figure, sums.get((True, identified, side), {}).get(figure, nothing))

    buyers = orders.filter(counts & identified & (orders.amount > 0))
    nothing = Decimal("0.00")
    return {
        "orders": figure_of(True, 1, "orders", 0),
        "customers": _first(views, buyers, fingerprint(buyers.customer_id).nunique()),
        "sales": figure_of(True, 1, "amount", nothing),
        "return_orders": figure_of(True, -1, "orders", 0),
        "returns": figure_of(True, -1, "amount", nothing),
        "anonymous_orders": figure_of(False, 1, "orders", 0),
        "anonymous_sales": figure_of(False, 1, "amount", nothing),
        "anonymous_returns": figure_of(False, -1, "amount", nothing),
        "uncounted_orders": sum(int(row["orders"]) for row in sums.values() if not row["counts"]),
    }
