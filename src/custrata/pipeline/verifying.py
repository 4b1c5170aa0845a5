"""Verification: a published run is recomputed from its recorded inputs and compared row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.engine import Engine
from custrata.engine.functions import epoch_micros
from custrata.engine.guard import guarded
from custrata.engine.scratch import Scratch
from custrata.errors import Refused
from custrata.lake import LakeSnapshot, Run, Workspace
from custrata.pipeline.decisions import AppliedDecisions, decisions_of
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.handover import recorded_handover
from custrata.pipeline.learning import Lines
from custrata.pipeline.marks import DEFINITIONS
from custrata.pipeline.reading.connection import Connection, Serving, literal, quoted
from custrata.pipeline.record import excluded_of
from custrata.pipeline.run_creation import RunTask, Watch, write_profile
from custrata.pipeline.snapshot import Snapshot
from custrata.pipeline.view import RunSource, open_source
from custrata.pipeline.withdrawal import NoSuchPublishedRun
from custrata.schema import INSTANT
from custrata.tiering.definitions import define
from custrata.tiering.kinds import scheme_of
from custrata.tiering.learned import Learned
from custrata.tiering.schemes import dependency_order


class RunBeforeRemoved(Refused):
    template = (
        "The run {run} continues from {before}, which was removed because it is past its retention. So it cannot be "
        "computed again."
    )


@dataclass(frozen=True)
class ColumnDifference:
    """A column in which customers differ: how many, and one of them with both values as text."""

    column: str
    customers: int
    customer_id: str
    published: str | None
    computed: str | None


@dataclass(frozen=True)
class Verified:
    """The result of recomputing a run.

    `customers` were published; `gone` of them were not recomputed, `added` were recomputed but not published.
    `columns` are those that only one of the two has. `facts` says whether the recorded versions of the facts still
    exist: otherwise the current facts that were imported by then are used. `definitions` are those of the run, where
    they differ from the current ones; `before` says whether the run it continued from still exists.
    """

    run: Run
    customers: int
    gone: int
    added: int
    columns: tuple[str, ...]
    differences: tuple[ColumnDifference, ...]
    facts: bool
    definitions: int | None
    before: bool

    @property
    def equal(self) -> bool:
        """Whether every row equals the published one."""
        return not (self.gone or self.added or self.columns or self.differences)


@guarded
def verify(workspace: Workspace, engine: Engine, run_id: str) -> Verified:
    """Recompute a published run from its recorded table versions, definitions, learned lines, decisions and previous
    run, and compare every row and column of its profile. Writes nothing.

    Raises `NoSuchPublishedRun`, `RunBeforeRemoved`.
    """
    with workspace.runs.reading():
        return _verified(workspace, engine, run_id)


def _verified(workspace: Workspace, engine: Engine, run_id: str) -> Verified:
    runs = {run.id: run for run in workspace.runs.all()}
    if run_id not in runs:
        raise NoSuchPublishedRun(run=run_id)
    run = GradedRun.of(runs[run_id])
    if run.before in workspace.runs.traces():
        raise RunBeforeRemoved(run=run_id, before=run.before)
    at = run.created_at
    lake = _recorded_snapshot(workspace, run)
    before = runs.get(run.before or "")
    without = excluded_of(run)
    with (
        open_source(workspace, engine, at=at, lake=lake, excluded=without) as source,
        Scratch() as folder,
    ):
        recorded = source if lake is not None else replace(source, facts=_imported_by(source.facts, at))
        computed = folder / "profile.parquet"
        write_profile(_task(recorded, run, before), computed, Watch(None))
        with Serving().connect() as connection:
            compared = _compared(connection, run.table("profile"), computed)
    made_by = run.inputs.definitions
    return Verified(
        run=run,
        facts=lake is not None,
        definitions=None if made_by == DEFINITIONS else made_by,
        before=before is not None or run.before is None,
        **compared,
    )


def _recorded_snapshot(workspace: Workspace, run: GradedRun) -> LakeSnapshot | None:
    """The facts of a run: its recorded versions, or the current ones where only compaction changed the files."""
    recorded = workspace.lake.at_versions(run.inputs.versions, run.inputs.rows)
    if recorded is not None:
        return recorded
    now = workspace.lake.snapshot()
    return now if now.fingerprint == run.inputs.fingerprint else None


def _imported_by(facts: Snapshot, at: datetime) -> Snapshot:
    """The current facts without those imported after an instant."""
    clock = epoch_micros(ibis.literal(at).cast(INSTANT))

    def imported_before(table: ir.Table) -> ir.Table:
        return table.filter(epoch_micros(table.imported_at) <= clock)

    names = ("orders", "lines", "products", "events", "feedback", "records", "placed")
    return replace(facts, **{name: imported_before(getattr(facts, name)) for name in names})


def _task(source: RunSource, run: GradedRun, before: Run | None) -> RunTask:
    """The inputs of a run, from its record."""
    schemes = dependency_order(
        [scheme_of(define(scheme.definition), scheme.version) for scheme in run.schemes.values()]
    )
    decisions = AppliedDecisions.of(decisions_of(run), None)
    handover = recorded_handover(run, schemes, source.engine)
    return RunTask(source, run.moment, before, decisions, schemes, tuple(run.schemes), _lines(run), handover)


def _lines(run: GradedRun) -> Lines:
    """The learned lines of a run, from its record."""
    lines: Lines = {}
    for key, scheme in run.schemes.items():
        learning = scheme.learning
        if learning is None or learning.number is None or learning.before is None or learning.at is None:
            continue
        model = scheme.facts.get("curve", scheme.facts.get("model"))
        lines[key] = Learned(
            key, scheme.version, learning.number, learning.before, learning.at, learning.why, "", model
        )
    return lines


def _compared(connection: Connection, published: Path, computed: Path) -> dict[str, Any]:
    """Compare both profiles by customer, all columns in one query; then one example of each column that differs."""
    sides = [f"read_parquet({literal(str(path))})" for path in (published, computed)]
    named = [connection.table(f"DESCRIBE SELECT * FROM {side}")["column_name"].to_pylist() for side in sides]
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
    row = connection.table(f"SELECT {', '.join(counts)} FROM {both}").to_pylist()[0]
    differences = [
        _example(connection, sides, name, row[f"c{place}"], row[f"e{place}"])
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


def _example(connection: Connection, sides: list[str], name: str, customers: int, customer: str) -> ColumnDifference:
    values = [
        connection.table(f"SELECT {quoted(name)}::VARCHAR AS value FROM {side} WHERE customer_id = ?", (customer,))
        for side in sides
    ]
    published, computed = (table["value"].to_pylist()[0] for table in values)
    return ColumnDifference(name, customers, customer, published, computed)
