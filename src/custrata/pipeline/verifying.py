"""A published run computed once more from what it recorded, and compared with what it published, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.engine import Engine
from custrata.engine.functions import epoch_micros
from custrata.engine.guard import guarded
from custrata.engine.scratch import Scratch
from custrata.errors import Refused
from custrata.lake import LakeSnapshot, Run, Workspace
from custrata.pipeline.decisions import Decided, decisions_of
from custrata.pipeline.handover import kept_handover
from custrata.pipeline.learning import Lines
from custrata.pipeline.making import Task, Watch, write_profile
from custrata.pipeline.marks import DEFINITIONS
from custrata.pipeline.reading.connection import Asking, Serving, literal, quoted
from custrata.pipeline.record import excluded_of
from custrata.pipeline.snapshot import Snapshot
from custrata.pipeline.view import Source, opened
from custrata.pipeline.withdrawal import NoSuchPublishedRun
from custrata.schema import INSTANT
from custrata.tiering.definitions import define
from custrata.tiering.kinds import scheme_of
from custrata.tiering.learned import Learned
from custrata.tiering.schemes import dependency_order


class RunBeforeRemoved(Refused):
    template = (
        "The run {run} went on from {before}, which was removed, since runs are kept for a limited time. So it cannot "
        "be computed once more."
    )


@dataclass(frozen=True)
class Difference:
    """A column in which customers differ: how many, and one of them with both values as text."""

    column: str
    customers: int
    customer_id: str
    published: str | None
    computed: str | None


@dataclass(frozen=True)
class Verified:
    """What became of computing a run once more.

    `customers` were published; `gone` of them are not computed any more, `added` are computed and were not published.
    `columns` are those that only one of the two has. `facts` says whether the facts are there as the run saw them:
    else those of today were taken that lie before its instant and were imported by then. `definitions` are those the
    run was made by, where they are not today's; `before` says whether the run it went on from is still there.
    """

    run: Run
    customers: int
    gone: int
    added: int
    columns: tuple[str, ...]
    differences: tuple[Difference, ...]
    facts: bool
    definitions: int | None
    before: bool

    @property
    def equal(self) -> bool:
        """Whether every row came out as it was published."""
        return not (self.gone or self.added or self.columns or self.differences)


@guarded
def verify(workspace: Workspace, engine: Engine, run_id: str) -> Verified:
    """Compute a published run once more, from the versions of tables, definitions, learned lines, decisions and the
    run before that it recorded, and compare every row and column of its profile. Writes nothing.

    Raises `NoSuchPublishedRun`, `RunBeforeRemoved`.
    """
    with workspace.runs.reading():
        return _verified(workspace, engine, run_id)


def _verified(workspace: Workspace, engine: Engine, run_id: str) -> Verified:
    runs = {run.id: run for run in workspace.runs.all()}
    if run_id not in runs:
        raise NoSuchPublishedRun(run=run_id)
    run = runs[run_id]
    if run.record["before"] in workspace.runs.traces():
        raise RunBeforeRemoved(run=run_id, before=run.record["before"])
    at = datetime.fromisoformat(run.record["at"])
    lake = _lake_seen(workspace, run)
    before = runs.get(run.record["before"] or "")
    without = excluded_of(run)
    with (
        opened(workspace, engine, at=at, lake=lake, excluded=without) as source,
        Scratch() as folder,
    ):
        seen = source if lake is not None else replace(source, facts=_imported_by(source.facts, at))
        computed = folder / "profile.parquet"
        write_profile(_task(seen, run, before), computed, Watch(None))
        with Serving().asking() as asking:
            compared = _compared(asking, run.table("profile"), computed)
    made_by = int(run.record["saw"].get("definitions") or 1)
    return Verified(
        run=run,
        facts=lake is not None,
        definitions=None if made_by == DEFINITIONS else made_by,
        before=before is not None or run.record["before"] is None,
        **compared,
    )


def _lake_seen(workspace: Workspace, run: Run) -> LakeSnapshot | None:
    """The facts as a run saw them: its versions, or those of today where compacting alone has changed the files."""
    seen = workspace.lake.at_versions(run.record["saw"]["versions"], run.record["saw"]["rows"])
    if seen is not None:
        return seen
    now = workspace.lake.snapshot()
    return now if now.fingerprint == run.record["saw"]["fingerprint"] else None


def _imported_by(facts: Snapshot, at: datetime) -> Snapshot:
    """The facts of today without what was imported after an instant."""
    clock = epoch_micros(ibis.literal(at).cast(INSTANT))

    def known(table: ir.Table) -> ir.Table:
        return table.filter(epoch_micros(table.imported_at) <= clock)

    names = ("orders", "lines", "products", "events", "feedback", "records", "placed")
    return replace(facts, **{name: known(getattr(facts, name)) for name in names})


def _task(source: Source, run: Run, before: Run | None) -> Task:
    """The run as it recorded itself."""
    recorded: Mapping[str, Mapping[str, Any]] = run.record["schemes"]
    schemes = dependency_order([scheme_of(define(one["definition"]), one["version"]) for one in recorded.values()])
    moment, decided = AsOf(run.as_of, run.record["zone"]), Decided.of(decisions_of(run), None)
    handover = kept_handover(run, schemes, source.engine)
    return Task(source, moment, before, decided, schemes, tuple(recorded), _lines(recorded), handover)


def _lines(recorded: Mapping[str, Mapping[str, Any]]) -> Lines:
    """The learned lines that a run graded by, as it recorded them with each scheme."""
    lines: Lines = {}
    for key, decided in recorded.items():
        if (heading := decided.get("learning")) is not None:
            before, at = (datetime.fromisoformat(heading[name]) for name in ("before", "at"))
            model = decided["facts"].get("curve", decided["facts"].get("model"))
            lines[key] = Learned(key, decided["version"], heading["number"], before, at, heading["why"], "", model)
    return lines


def _compared(asking: Asking, published: Path, computed: Path) -> dict[str, Any]:
    """The rows of both by customer, all columns in one pass; then one example of each column that differs."""
    sides = [f"read_parquet({literal(str(path))})" for path in (published, computed)]
    named = [asking.table(f"DESCRIBE SELECT * FROM {side}")["column_name"].to_pylist() for side in sides]
    shared = [name for name in named[0] if name in named[1] and name != "customer_id"]
    both = f"{sides[0]} AS a FULL JOIN {sides[1]} AS b ON a.customer_id = b.customer_id"
    here = "a.customer_id IS NOT NULL AND b.customer_id IS NOT NULL"
    counts = [
        "count(a.customer_id) AS customers",
        "count(*) FILTER (b.customer_id IS NULL) AS gone",
        "count(*) FILTER (a.customer_id IS NULL) AS added",
    ]
    counts += [
        f"count(*) FILTER ({here} AND {_differ(name)}) AS c{place}, "
        f"min(a.customer_id) FILTER ({here} AND {_differ(name)}) AS e{place}"
        for place, name in enumerate(shared)
    ]
    row = asking.table(f"SELECT {', '.join(counts)} FROM {both}").to_pylist()[0]
    differences = [
        _example(asking, sides, name, row[f"c{place}"], row[f"e{place}"])
        for place, name in enumerate(shared)
        if row[f"c{place}"]
    ]
    return {
        "customers": row["customers"],
        "gone": row["gone"],
        "added": row["added"],
        "columns": tuple(sorted(set(named[0]) ^ set(named[1]))),
        "differences": tuple(differences),
    }


def _differ(name: str) -> str:
    return f"a.{quoted(name)} IS DISTINCT FROM b.{quoted(name)}"


def _example(asking: Asking, sides: list[str], name: str, customers: int, customer: str) -> Difference:
    values = [
        asking.table(f"SELECT {quoted(name)}::VARCHAR AS value FROM {side} WHERE customer_id = ?", (customer,))
        for side in sides
    ]
    published, computed = (table["value"].to_pylist()[0] for table in values)
    return Difference(name, customers, customer, published, computed)
