"""Tiers as rows for a file: the sizes of a scheme's tiers at a run, and its customers one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from custrata.lake import Run
from custrata.pipeline.reading import Reading, reading
from custrata.report import Scheme
from custrata.web import texts
from custrata.web.exports import Cell, Rows
from custrata.web.workspace import workspace

# More rows than this take an Excel file too long to write while one waits.
MOST_IN_EXCEL = 200_000
SIZES = ("customers", "share", "revenue", "revenue_share", "mean", "change")


@dataclass(frozen=True)
class Sheet:
    """A heading in the reader's language, and the rows below it, read as they are asked for."""

    header: tuple[str, ...]
    rows: Rows


def tier_sheet(found: Scheme, run: Run) -> Sheet:
    """A row per tier, the best first: as of, key, name, customers, share, revenue, share, revenue each, change."""
    write = texts.writer("report")
    heads = (texts.text("tiers.runs.as_of"), texts.text("tiers.export.key"), write("column.tier"))
    rows = [
        (
            write.day(run.as_of),
            tier.key,
            tier.name,
            tier.customers,
            found.share(tier),
            tier.revenue,
            found.revenue_share(tier),
            None if tier.mean is None else round(tier.mean, 2),
            found.change(tier),
        )
        for tier in found.tiers
    ]
    return Sheet((*heads, *(write(f"column.{name}") for name in SIZES)), rows)


def customer_sheet(found: Scheme, run: Run) -> Sheet:
    """A row per customer, by id: name where it is known, tier before and now, value, since when."""
    held = reading(workspace(), run.id)
    assert held is not None, "a run was published, or there were no scheme"
    heads = {
        "name": texts.text("tiers.export.name"),
        f"{found.key}_before": texts.text("tiers.export.before"),
        f"{found.key}_tier": found.name,
        f"{found.key}_value": texts.text("tiers.export.value"),
        f"{found.key}_since": texts.text("tiers.export.since"),
    }
    columns = [name for name in heads if name in held.columns]
    header = (texts.text("tiers.export.customer"), *(heads[name] for name in columns))
    return Sheet(header, _customers(held, found, columns))


def _customers(held: Reading, found: Scheme, columns: list[str]) -> Iterator[tuple[Cell, ...]]:
    names = {tier.key: tier.name for tier in found.tiers}
    tiered = (f"{found.key}_before", f"{found.key}_tier")
    for batch in held.batches(columns=columns):
        for row in batch.select(["customer_id", *columns]).to_pylist():
            told = (names.get(row[name], "") if name in tiered else row[name] for name in columns)
            yield (row["customer_id"], *told)
