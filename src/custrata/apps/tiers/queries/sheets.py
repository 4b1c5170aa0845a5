"""Rows for exports: the tiers of a scheme at a run, and its customers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from custrata.lake import Run
from custrata.pipeline.reading import Reading, reading
from custrata.pipeline.reading.figures import SchemeSummary
from custrata.web import texts
from custrata.web.exports import Cell, Rows
from custrata.web.workspace import workspace

# Writing more rows to an Excel file takes too long for a request.
MOST_IN_EXCEL = 200_000
SIZES = ("customers", "share", "revenue", "revenue_share", "mean", "change")


@dataclass(frozen=True)
class ExportSheet:
    """A header in the reader's language, and lazily read rows."""

    header: tuple[str, ...]
    rows: Rows


def tier_sheet(scheme: SchemeSummary, run: Run) -> ExportSheet:
    """One row per tier, best first: as of, key, name, customers, share, revenue, share, mean revenue, change."""
    write = texts.writer("report")
    heads = (texts.text("tiers.runs.as_of"), texts.text("tiers.export.key"), write("column.tier"))
    rows = [
        (
            write.day(run.as_of),
            tier.key,
            tier.name,
            tier.customers,
            scheme.share(tier),
            tier.revenue,
            scheme.revenue_share(tier),
            None if tier.mean is None else round(tier.mean, 2),
            scheme.change(tier),
        )
        for tier in scheme.tiers
    ]
    return ExportSheet((*heads, *(write(f"column.{name}") for name in SIZES)), rows)


def customer_sheet(scheme: SchemeSummary, run: Run) -> ExportSheet:
    """One row per customer, by id: name if known, previous and current tier, value, since when."""
    run_reading = reading(workspace(), run.id)
    assert run_reading is not None, "the scheme comes from a published run"
    heads = {
        "name": texts.text("tiers.export.name"),
        f"{scheme.key}_before": texts.text("tiers.export.before"),
        f"{scheme.key}_tier": scheme.name,
        f"{scheme.key}_value": texts.text("tiers.export.value"),
        f"{scheme.key}_since": texts.text("tiers.export.since"),
    }
    columns = [name for name in heads if name in run_reading.columns]
    header = (texts.text("tiers.export.customer"), *(heads[name] for name in columns))
    return ExportSheet(header, _customers(run_reading, scheme, columns))


def _customers(run_reading: Reading, scheme: SchemeSummary, columns: list[str]) -> Iterator[tuple[Cell, ...]]:
    names = {tier.key: tier.name for tier in scheme.tiers}
    tiered = (f"{scheme.key}_before", f"{scheme.key}_tier")
    for batch in run_reading.batches(columns=columns):
        for row in batch.select(["customer_id", *columns]).to_pylist():
            cells = (names.get(row[name], "") if name in tiered else row[name] for name in columns)
            yield (row["customer_id"], *cells)
