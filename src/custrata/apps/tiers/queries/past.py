"""The past of a scheme: how long customers stay, who moved most value, and what facts that came in late changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from custrata.apps.tiers.queries.runs import all_runs
from custrata.lake import Run
from custrata.lake.runs import Runs
from custrata.pipeline.reading import Mover, biggest_movers
from custrata.pipeline.reading.connection import Serving, literal
from custrata.pipeline.reading.stays import Stays, stays_of, stays_told
from custrata.report import Scheme
from custrata.report.colours import tier_colours
from custrata.report.panels import Pair, in_both_widths
from custrata.report.pictures import staying
from custrata.report.pictures.staying import StayingLine
from custrata.report.tables import Table
from custrata.web import texts
from custrata.web.workspace import workspace
from custrata.wording.writer import NOTHING

MOST_RUNS = 12
ROWS = 100


@dataclass(frozen=True)
class StaysPanel:
    """How long customers stay in the tiers of a scheme: the picture, the table, and what was looked at in words."""

    picture: Pair
    table: Table
    told: tuple[str, ...]


@dataclass(frozen=True)
class LateRun:
    """What came in late, as one run tells: customers with late orders, and how many of its tiers were corrected since
    it was made first."""

    id: str
    as_of: datetime
    late_customers: int
    late_orders: int
    corrected: int


@dataclass(frozen=True)
class Correction:
    """A customer who was said to be in another tier at the instant of a run than is known now."""

    customer_id: str
    name: str | None
    scheme: str
    was: str
    tier: str
    at: datetime | None


def stays_panel(found: Scheme) -> StaysPanel:
    """The stays of a scheme as all runs saw them."""
    colours, names = tier_colours(found), {tier.key: tier.name for tier in found.tiers}
    write = texts.writer("history")
    seen = _stays(workspace().runs.folder, workspace().runs.history_ids(), found.key)
    known = [one for one in seen.tiers if one.tier in names]
    lines = [
        StayingLine(
            names[one.tier],
            colours[one.tier],
            tuple((step.days, float(step.share)) for step in one.curve.steps),
            one.curve.longest or 0,
        )
        for one in known
    ]
    head = [write(f"heads.{name}") for name in ("tier", "stays", "going_on", "before", "median")]
    head += [write("heads.after", days=days) for days in seen.horizons]
    rows = tuple(
        (
            names[one.tier],
            write.number(one.stays),
            write.number(one.going_on),
            write.number(one.before),
            NOTHING if one.curve.median is None else write.number(one.curve.median),
            *(
                NOTHING if share is None else write.share(float(share))
                for share in one.curve.shares(seen.horizons).values()
            ),
        )
        for one in known
    )
    drawn = in_both_widths(partial(staying, lines, texts.writer("report")))
    return StaysPanel(drawn, Table(tuple(head), rows), tuple(stays_told(seen, write)))


@lru_cache(maxsize=256)
def _stays(folder: Path, ids: tuple[str, ...], key: str) -> Stays:
    """Counted once for the runs there are."""
    runs = Runs(folder)
    with runs.reading():
        return stays_of([runs.recorded(one) for one in ids], key)


def movers(found: Scheme, run: Run) -> list[Mover]:
    """The biggest spenders of those who went up, then of those who went down."""
    return biggest_movers(run, found.key)


def late_runs(key: str | None = None) -> list[LateRun]:
    """The newest runs that late facts touched, the newest first, in one scheme or in all."""
    found = (_late_run(run, key) for run in reversed(all_runs()))
    return [one for one in found if one.late_orders or one.corrected][:MOST_RUNS]


def _late_run(run: Run, key: str | None) -> LateRun:
    late, corrected = run.record.get("late") or {}, run.record.get("corrected") or {}
    many = sum(corrected.values()) if key is None else corrected.get(key, 0)
    return LateRun(run.id, run.as_of, late.get("customers", 0), late.get("orders", 0), many)


def late_run(run: Run) -> LateRun:
    """What came in late, as this run tells, over all its schemes."""
    return _late_run(run, None)


def corrected_by_scheme(run: Run) -> dict[str, int]:
    """How many customers' tiers were corrected at a run, by scheme, since it was made first."""
    if not _file(run).exists():
        return {}
    sql = f"SELECT scheme, count(*) AS many FROM {_corrections(run)} GROUP BY ALL ORDER BY ALL"
    with Serving().asking() as asking:
        return {row["scheme"]: row["many"] for row in asking.table(sql).to_pylist()}


def corrections(run: Run, *, scheme: str = "", start: int = 0, most: int = ROWS) -> list[Correction]:
    """Who was corrected at a run, the newest corrections first, from the `start`th on."""
    if not _file(run).exists():
        return []
    columns = _columns(run)
    profile = f"read_parquet({literal(str(run.folder / 'profile.parquet'))})"
    at = 'wrong."at"' if "at" in columns else "NULL"
    named = "named.name" if "name" in _columns(run, "profile") else "NULL"
    sql = f"""
        SELECT customer_id, {named} AS name, wrong.scheme, wrong.was, wrong.tier, {at} AS "at"
        FROM {_corrections(run)} AS wrong LEFT JOIN {profile} AS named USING (customer_id)
        WHERE ? IN ('', wrong.scheme)
        ORDER BY "at" DESC, customer_id, wrong.scheme LIMIT ? OFFSET ?"""
    values: Sequence[Any] = (scheme, most, start)
    with Serving().asking() as asking:
        return [Correction(**row) for row in asking.table(sql, values).to_pylist()]


def _columns(run: Run, name: str = "corrections") -> set[str]:
    source = literal(str(run.folder / f"{name}.parquet"))
    with Serving().asking() as asking:
        found = asking.table(f"DESCRIBE SELECT * FROM read_parquet({source})")
    return set(found["column_name"].to_pylist())


def _file(run: Run) -> Path:
    return run.folder / "corrections.parquet"


def _corrections(run: Run) -> str:
    return f"read_parquet({literal(str(_file(run)))})"
