"""Erase customers: recorded first, then removed place by place; resumable after a kill at any point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

import ibis
import pyarrow.parquet as pq

from custrata.engine import DuckEngine
from custrata.engine.scratch import remove_abandoned
from custrata.errors import Refused
from custrata.ingest.contacts import region_of
from custrata.ingest.person_matching import (
    PARTIAL_SUFFIX,
    Matcher,
    cell_values,
    count_matching_rows,
    delete_rows,
    interpretations,
    normalized_id,
    person_matcher,
    quarantine_files,
)
from custrata.lake import Workspace
from custrata.lake.customer_rows import rows_of_customers
from custrata.lake.erasures import CUSTOMER
from custrata.lake.intents import ErasedPerson, Intent
from custrata.lake.workspace import LEFT_INSIDE
from custrata.schema import CUSTOMER_RECORDS, TABLES

RUNS, QUARANTINE, EXCLUSIONS, RESIDUE, DATABASE = "runs", "quarantine", "exclusions", "residue", "database"
BACKUPS = ".backup-"  # what a backup writes into before it is done
SERVER = "server"  # the folder that a server keeps in its workspace
WAIT = 60.0

Counts = Mapping[str, int]


class ErasureGoesOn(Refused):
    template = (
        "The erasure is recorded but not finished; still to be cleaned: {places} ({reason}). The next command or "
        "server start continues it."
    )


class Database(Protocol):
    """The interface of a server's database that an erasure uses."""

    def people(self, customer_ids: Collection[str]) -> list[ErasedPerson]:
        """The contacts and names stored for these customers."""

    def rows(self, people: Sequence[ErasedPerson]) -> Counts:
        """How many rows refer to these people, by table."""

    def customer_ids(self) -> Iterator[str]:
        """The id of every customer that rows refer to."""

    def erase(self, people: Sequence[ErasedPerson], *, at: datetime) -> Counts:
        """Remove all rows that refer to these people, also from free space and old copies; row counts by table."""


@dataclass(frozen=True)
class Erased:
    """The result of an erasure: rows and folders removed by place, and the places not cleaned yet with the reason."""

    intent: Intent
    removed: Counts
    waiting: tuple[str, ...] = ()
    reason: object = ""


def erase(
    workspace: Workspace, customer_id: str, *, at: datetime, by: str = "", database: Database | None = None
) -> Erased:
    """Erase a customer everywhere, and refuse their rows in later imports; what was removed, by place.

    The erasure is recorded first. After a kill, or where a place is in use, it is resumed when
    `resume_erasures` is called next.

    Parameters: `customer_id` in any spelling that imports normalize to the same id; `database` is that of the server:
    without it, the erasure in a workspace that a server has used waits for that server.

    Raises `ErasureGoesOn`, `Busy`, `NotWritable`, `Damaged`.
    """
    intent = begin_erasure(workspace, [customer_id], at=at, by=by, database=database)
    done = resume_erasures(workspace, at=at, database=database)
    return require_finished(next(erased for erased in done if erased.intent.id == intent.id))


def require_finished(erased: Erased) -> Erased:
    """Return `erased` if every place is clean. Raises `ErasureGoesOn`."""
    if erased.waiting:
        raise ErasureGoesOn(places=", ".join(erased.waiting), reason=erased.reason)
    return erased


def begin_erasure(
    workspace: Workspace,
    customer_ids: Collection[str],
    *,
    at: datetime,
    by: str = "",
    database: Database | None = None,
) -> Intent:
    """Record the erasure of customers durably, with their contacts and names."""
    people = people_of(workspace, customer_ids, database)
    return workspace.erasing.add(people, at=at, by=by, removed=rows_of(workspace, people, database))


def resume_erasures(workspace: Workspace, *, at: datetime, database: Database | None = None) -> list[Erased]:
    """Resume every erasure that is under way; what each has removed since it was recorded, by place.

    Their rows are refused first, so that a running import either skips them or ends before the lake is cleaned.

    Raises `Busy` where another process is at it, `NotWritable`, `Damaged`.
    """
    if not workspace.erasing.all():
        return []
    with workspace.erasing.working(wait=WAIT):
        return [_resume(workspace, intent, at=at, database=database) for intent in workspace.erasing.all()]


def _resume(workspace: Workspace, intent: Intent, *, at: datetime, database: Database | None) -> Erased:
    workspace.erasures.add_all(
        [(person.customer_id, person.emails, person.phones) for person in intent.people], at=intent.at, by=intent.by
    )
    waiting: list[str] = []
    reason: object = ""
    for place, clean in _places(workspace, database, at).items():
        if place in intent.clean:
            continue
        try:
            intent = workspace.erasing.mark_clean(intent, place, clean(intent))
        except Refused as error:
            waiting, reason = [*waiting, place], error
    if waiting:
        return Erased(intent, intent.removed, tuple(waiting), reason)
    for person in intent.people if len(intent.people) == 1 else ():
        workspace.erasures.finish(person.customer_id, intent.removed)
    workspace.erasing.remove(intent)
    return Erased(intent, intent.removed)


class StillUnderWay(Refused):
    template = "an import or a backup is in progress in {folder}"


class NoDatabaseHere(Refused):
    template = "the database of the server is not reachable from here; the server cleans it"


def _places(workspace: Workspace, database: Database | None, at: datetime) -> dict[str, Callable[[Intent], Counts]]:
    """Every place that may hold customer data, in the order of cleaning, with the function that cleans it."""
    return {
        "lake": lambda intent: workspace.lake.erase(*intent.customer_ids, at=at),
        RUNS: lambda intent: {RUNS: workspace.runs.remove_customers(*intent.customer_ids)},
        QUARANTINE: lambda intent: {QUARANTINE: _clean_quarantine(workspace, intent.people)},
        EXCLUSIONS: lambda intent: {EXCLUSIONS: len(workspace.exclusions.remove(intent.customer_ids))},
        DATABASE: lambda intent: _clean_database(workspace, intent, database, at),
        RESIDUE: lambda intent: {RESIDUE: _clean_residue(workspace)},
    }  # fmt: skip


def people_of(workspace: Workspace, customer_ids: Collection[str], database: Database | None) -> list[ErasedPerson]:
    """Customers with every contact and name stored in the lake and the database."""
    ids = list(dict.fromkeys(map(normalized_id, customer_ids)))
    with workspace.engine() as engine:
        records = workspace.lake.snapshot().read(CUSTOMER_RECORDS.name, engine)
        chosen = rows_of_customers(records, ids, engine).select("customer_id", "email", "phone", "name")
        rows = engine.arrow(chosen.distinct()).to_pylist()
    by_customer: dict[str, list[dict[str, str | None]]] = {customer_id: [] for customer_id in ids}
    for row in rows:
        by_customer[row["customer_id"]].append(row)
    people = {
        customer_id: _person(customer_id, rows_of_customer) for customer_id, rows_of_customer in by_customer.items()
    }
    for more in database.people(ids) if database is not None else ():
        people[more.customer_id] = people[more.customer_id].joined(more)
    return list(people.values())


def _person(customer_id: str, records: Iterable[Mapping[str, str | None]]) -> ErasedPerson:
    rows = list(records)
    emails, phones, names = (
        tuple(sorted({value for row in rows if (value := row[name])})) for name in ("email", "phone", "name")
    )
    return ErasedPerson(customer_id, emails, phones, names)


def rows_of(workspace: Workspace, people: Sequence[ErasedPerson], database: Database | None = None) -> dict[str, int]:
    """Row counts of people: by table of the lake, in runs, quarantine and exclusions, by table of the database."""
    ids = [person.customer_id for person in people]
    counts: Counter[str] = Counter()
    snapshot = workspace.lake.snapshot()
    with workspace.engine() as engine:
        for name in (name for name in TABLES if "customer_id" in TABLES[name].names):
            counts[name] = _count(rows_of_customers(snapshot.read(name, engine), ids, engine), engine)  # type: ignore[arg-type]  # DuckDB's
        for path in _tables_of_runs(workspace):
            counts[RUNS] += _count(rows_of_customers(engine.read_parquet([path]), ids, engine), engine)  # type: ignore[arg-type]  # as above
    named = person_matcher(people, region_of(workspace.settings.timezone))
    counts[QUARANTINE] = sum(count_matching_rows(path, named) for path in quarantine_files(workspace.quarantine))
    counts[EXCLUSIONS] = len(set(ids) & workspace.exclusions.all().keys())
    counts.update(database.rows(people) if database is not None else {})
    return {name: count for name, count in counts.items() if count}


def _count(rows: ibis.Table, engine: DuckEngine) -> int:
    return int(engine.arrow(rows.aggregate(rows=ibis._.count()))["rows"][0].as_py())


def _tables_of_runs(workspace: Workspace) -> list[Path]:
    paths = sorted(workspace.runs.folder.glob("runs/*/*.parquet"))
    return [path for path in paths if "customer_id" in pq.read_schema(path).names]


def reappeared_customers(workspace: Workspace, database: Database | None = None) -> list[str]:
    """Erased customers that have data again, for example after an older backup was restored."""
    if not workspace.erasures.in_force():
        return []
    return workspace.erasures.erased_among(_all_customer_ids(workspace, database))


def _all_customer_ids(workspace: Workspace, database: Database | None) -> Iterator[str]:
    snapshot = workspace.lake.snapshot()
    with workspace.engine() as engine:
        tables = [snapshot.read(name, engine) for name in TABLES if "customer_id" in TABLES[name].names]
        tables += [engine.read_parquet([path]) for path in _tables_of_runs(workspace)]
        for table in tables:
            ids = engine.arrow(table.select("customer_id").distinct())["customer_id"]
            yield from (customer_id for customer_id in ids.to_pylist() if customer_id is not None)
    yield from workspace.exclusions.all()
    for path in quarantine_files(workspace.quarantine):
        cells = cell_values(path.read_text(encoding="utf-8-sig").splitlines())
        yield from interpretations(cells, None, phones=False)[CUSTOMER]
    yield from database.customer_ids() if database is not None else ()


def erase_from_quarantine(folder: Path, named: Matcher) -> int:
    """Delete the rejected rows that `named` matches from quarantine; how many were deleted.

    Each file is replaced atomically, so that a kill leaves the old file or the new one.
    """
    return sum(delete_rows(path, named) for path in quarantine_files(folder))


def _clean_quarantine(workspace: Workspace, people: Sequence[ErasedPerson]) -> int:
    for pattern in (f"*{PARTIAL_SUFFIX}", "*.tmp"):  # of kills while a file was written anew
        for half in workspace.quarantine.glob(pattern):
            half.unlink(missing_ok=True)
    return erase_from_quarantine(workspace.quarantine, person_matcher(people, region_of(workspace.settings.timezone)))


def _clean_database(workspace: Workspace, intent: Intent, database: Database | None, at: datetime) -> Counts:
    if database is not None:
        return database.erase(intent.people, at=at)
    if (workspace.folder / SERVER).is_dir():
        raise NoDatabaseHere
    return {}


def _clean_residue(workspace: Workspace) -> int:
    """Remove leftovers of killed imports, computations, backups and restores; how many folders.

    Raises `StillUnderWay` while an import or a backup may hold what it read before.
    """
    removed = workspace.remove_leftovers()
    removed += sum(remove_abandoned(folder, BACKUPS) for folder in workspace.backups.folders())
    if any(path for path in workspace.folder.iterdir() if path.name.startswith(LEFT_INSIDE)):
        raise StillUnderWay(folder=workspace.folder)
    return removed
