"""What the silence curve of a file claims against what came: `python -m benchmarks.backtest FILE`.

The file is CSV or Parquet with `customer_id`, `ordered_at` and `amount`; `--columns` says what yours are called. A row
is an order, or with `--order COLUMN` a line of one. By default the curve is learned at the end of the file and tested
on its newest dates, as a workspace does it; with `--learned-on DATE` it is learned from what was known on that day,
and tested on dates from then on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

from custrata.analytics.moments import AsOf
from custrata.analytics.silence import Calibration, SilenceCurve
from custrata.analytics.silence_learning import backtest, learn_silence
from custrata.analytics.sources import canonical_orders
from custrata.analytics.traits import known_facts
from custrata.engine import DuckEngine

COLUMNS = ("order days", "tier", "seen", "customers", "claimed", "came back", "interval", "difference")
HEAD = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"


def orders_of(path: str, columns: dict[str, str], order: str | None) -> pl.DataFrame:
    """The orders in a file: canonical names, a number for each, lines of one order summed up."""
    rows = pl.read_parquet(path) if path.endswith(".parquet") else pl.read_csv(path, try_parse_dates=True)
    named = rows.rename({own: name for name, own in columns.items()}).filter(pl.col("amount") > 0)
    named = named.filter(pl.col("customer_id").is_not_null())
    if order is None:
        named = named.with_row_index("order_id")
    else:
        by = [pl.col(order).alias("order_id"), pl.col("customer_id")]
        named = named.group_by(by).agg(pl.col("ordered_at").min(), pl.col("amount").sum())
    return named.select(
        "customer_id", pl.col("order_id").cast(pl.String), pl.col("ordered_at").cast(pl.Datetime("us")), "amount"
    )


def told(rows: Iterable[Calibration]) -> str:
    """The rows as a table for a page."""
    lines = [HEAD]
    for row in rows:
        days = str(row.least) if row.least == row.most else f"{row.least}–{row.most}" if row.most else f"{row.least}+"
        claimed, actual = (f"{share * 100:.1f} %" for share in (row.claimed, row.actual))
        off = (row.actual - row.claimed) * 100
        apart = f"{off:+.1f}{' *' if row.seen >= 200 and abs(off) > 10 else ''}"
        cells = (days, row.tier.replace("_", " "), f"{row.seen:,}", f"{row.people:,}", claimed, actual,
                 f"{row.low * 100:.0f}–{row.high * 100:.0f}", apart)  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def described(curve: SilenceCurve) -> str:
    """The dates, and the lines of each stratum."""
    said = [f"{curve.dates} dates, {curve.first_date} to {curve.last_date}, {curve.customers:,} customers"]
    for one in curve.strata:
        lines = ("none" if line is None else f"{float(line):.2f}" for line in (one.at_risk, one.churned))
        at_risk, churned = lines
        days = f"{one.least}–{one.most or ''}"
        said.append(f"{days} order days: in rhythm {one.in_rhythm}, at risk from {at_risk}, churned from {churned}")
    return "\n".join(said)


def main() -> None:
    """Read the arguments, learn, test, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--columns", nargs="*", default=[], metavar="OURS=YOURS")
    parser.add_argument("--order", help="the column of order numbers, where a row is a line")
    parser.add_argument("--zone", default="UTC")
    parser.add_argument("--learned-on", help="learn from what was known on that day")
    given = parser.parse_args()
    orders = orders_of(given.file, dict(pair.split("=", 1) for pair in given.columns), given.order)
    last: date = orders.select(pl.col("ordered_at").dt.date().max()).item()
    moment = AsOf.of(last + timedelta(days=1), given.zone)
    with DuckEngine() as engine:
        known = known_facts(
            canonical_orders(engine.from_arrow(orders.to_arrow()), given.zone), moment, keep=engine.materialize
        )
        if given.learned_on:
            curve, rows = backtest(known.paced, AsOf.of(given.learned_on, given.zone), moment)
        else:
            curve = learn_silence(known.paced, moment)
            rows = curve.calibration
        sys.stdout.write(f"{described(curve)}\n\n{told(rows)}\n")


if __name__ == "__main__":
    main()
