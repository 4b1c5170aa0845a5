"""Backtest the silence curve of a file of orders: `python -m benchmarks.backtest FILE`.

The file is CSV or Parquet with `customer_id`, `ordered_at` and `amount`; `--columns` maps them to yours. A row
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


def as_table(rows: Iterable[Calibration]) -> str:
    """The rows as a Markdown table."""
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


def curve_summary(curve: SilenceCurve) -> str:
    """The test dates, and the thresholds of each stratum."""
    lines = [f"{curve.dates} dates, {curve.first_date} to {curve.last_date}, {curve.customers:,} customers"]
    for stratum in curve.strata:
        thresholds = ("none" if line is None else f"{float(line):.2f}" for line in (stratum.at_risk, stratum.churned))
        at_risk, churned = thresholds
        days = f"{stratum.least}–{stratum.most or ''}"
        lines.append(
            f"{days} order days: in rhythm {stratum.in_rhythm}, at risk from {at_risk}, churned from {churned}"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the arguments, learn, test, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--columns", nargs="*", default=[], metavar="OURS=YOURS")
    parser.add_argument("--order", help="the column of order numbers, where a row is a line")
    parser.add_argument("--zone", default="UTC")
    parser.add_argument("--learned-on", help="learn from what was known on that day")
    arguments = parser.parse_args()
    orders = orders_of(arguments.file, dict(pair.split("=", 1) for pair in arguments.columns), arguments.order)
    last: date = orders.select(pl.col("ordered_at").dt.date().max()).item()
    moment = AsOf.of(last + timedelta(days=1), arguments.zone)
    with DuckEngine() as engine:
        facts = known_facts(
            canonical_orders(engine.from_arrow(orders.to_arrow()), arguments.zone), moment, keep=engine.materialize
        )
        if arguments.learned_on:
            curve, rows = backtest(facts.paced, AsOf.of(arguments.learned_on, arguments.zone), moment)
        else:
            curve = learn_silence(facts.paced, moment)
            rows = curve.calibration
        sys.stdout.write(f"{curve_summary(curve)}\n\n{as_table(rows)}\n")


if __name__ == "__main__":
    main()
