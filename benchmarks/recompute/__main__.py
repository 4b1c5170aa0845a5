"""`python -m benchmarks.recompute WORKSPACE [RUN ...]`: every published run, or those named, graded once more."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from benchmarks.recompute.facts import Facts
from benchmarks.recompute.schemes import Judge, Schemes, differences
from custrata.engine import Engine, connect
from custrata.lake import LakeSnapshot, Run, Workspace

MAX_EXAMPLES = 3
# What makes a customer known, and from when on.
MENTIONS = (("customer_records", "registered_at"), ("customer_records", "updated_at"), ("events", "occurred_at"),
            ("feedback", "given_at"), ("orders", "ordered_at"))  # fmt: skip


def judge_of(curve: Mapping[str, Any]) -> Judge:
    """Who is late by the lines a run has recorded: at or beyond a learned line, beyond a fixed one."""

    def judge(order_days: int, silence: Fraction) -> str | None:
        for stratum in curve["strata"]:
            if order_days >= stratum["least"] and (stratum["most"] is None or order_days <= stratum["most"]):
                for tier in ("churned", "at_risk"):
                    line = None if stratum[tier] is None else Fraction(stratum[tier])
                    if line is not None and (silence >= line if curve["learned"] else silence > line):
                        return tier
        return None

    return judge


def bought(lake: LakeSnapshot, engine: Engine) -> ir.Table:
    """The categories in each order: the line's own, else its product's."""
    lines, products = lake.read("order_lines", engine), lake.read("products", engine)
    own = products.select(of_product="product_id", usual="category")
    both = lines.left_join(own, lines.product_id == own.of_product)
    return both.select("order_id", category=both.category.fill_null(both.usual)).distinct()


def mentioned(lake: LakeSnapshot, engine: Engine, table: str, at: str) -> ir.Table:
    """When a table first mentions each customer: `customer_id`, `at` (null: at no time that is stated)."""
    rows = lake.read(table, engine)
    return rows.filter(rows.customer_id.notnull()).group_by("customer_id").aggregate(at=rows[at].min())


def compare_run(workspace: Workspace, run: Run) -> dict[str, int]:
    """Differences by scheme of one run, printed with examples."""
    with workspace.lake.reading() as lake, connect() as engine:
        orders = engine.arrow(lake.read("orders", engine).filter(lambda row: row.ordered_at < run.as_of)).to_pylist()
        categories = engine.arrow(bought(lake, engine)).to_pylist()
        profile = engine.arrow(run.read("profile", engine)).to_pylist()
        tables = [engine.arrow(mentioned(lake, engine, table, at)).to_pylist() for table, at in MENTIONS]
    facts = Facts(orders, categories, run.as_of, run.record["zone"], mentions=chain(*tables))
    mine = Schemes(facts, judge_of(run.record["curve"])).every()
    counts = {}
    for key, tiers in mine.items():
        scheme = run.record["schemes"][key.split("_")[0] if key.startswith("rfm") else key]
        if tiers is None or scheme["waiting"]:
            counts[key] = 0 if tiers is None and scheme["waiting"] else -1
            continue
        column = key if key.startswith("rfm_") else f"{key}_tier"
        theirs = {row["customer_id"]: str(row[column] or "") for row in profile}
        apart = differences(tiers, theirs)
        counts[key] = sum(map(len, apart.values()))
        for (ours, product), names in apart.items():
            print(f"  {key}: recomputed {ours}, product {product}: {len(names)}, such as {names[:MAX_EXAMPLES]}")
    return counts


def main() -> int:
    """Compare, print, and end with 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recompute")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("runs", nargs="*")
    arguments = parser.parse_args()
    workspace, worst = Workspace.open(arguments.workspace), 0
    for run in workspace.runs.all():
        if arguments.runs and run.id not in arguments.runs:
            continue
        counts = compare_run(workspace, run)
        worst = max([worst, *map(abs, counts.values())])
        summary = ", ".join(f"{key} {count}" for key, count in counts.items())
        print(f"{workspace.settings.name} {run.as_of.date()} {run.record['engine']}: {summary}", flush=True)
    return int(worst > 0)


if __name__ == "__main__":
    sys.exit(main())
