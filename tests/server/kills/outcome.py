"""The final state: lake, runs and quarantine of a workspace, and the server's database."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise

import polars as pl

from custrata.apps.audit.models import Change
from custrata.apps.customers.models import FollowedRun, Note, TimelineEntry
from custrata.apps.jobs.models import Job, Line, Status
from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline.reading import moves

OF_AN_IMPORT = ("import_id", "imported_at")  # depend on the time of the import
Rows = list[dict[str, object]]


def imports(workspace: Workspace) -> list[tuple[str, str, int, int]]:
    """Every import of the ledger, in order."""
    records = workspace.lake.snapshot().imports
    return [(record.table, record.file_name, record.accepted, record.rejected) for record in records]


def facts(workspace: Workspace) -> dict[str, Rows]:
    """Every row of the lake."""
    snapshot = workspace.lake.snapshot()
    with DuckEngine(threads=2) as engine:
        tables = {name: pl.from_arrow(engine.arrow(snapshot.read(name, engine))) for name in snapshot.files}
    frames = {name: table for name, table in tables.items() if isinstance(table, pl.DataFrame)}
    comparable = {name: table.drop(*OF_AN_IMPORT, strict=False) for name, table in frames.items()}
    return {name: _sorted(table) for name, table in comparable.items()}


def rejected(workspace: Workspace) -> list[tuple[str, str]]:
    """The rows in quarantine, with the mark of their file."""
    files = list(workspace.quarantine.iterdir())
    return sorted((path.name.partition("-")[2], path.read_text("utf-8-sig")) for path in files)


def runs(workspace: Workspace) -> dict[str, Rows]:
    """Every row of every run, by its instant."""
    published = workspace.runs.all()
    profiles = {run.as_of.isoformat(): pl.read_parquet(run.folder / "profile.parquet") for run in published}
    assert len(profiles) == len(published), "a day was graded twice"
    return {as_of: _sorted(rows) for as_of, rows in profiles.items()}


def leftovers(workspace: Workspace) -> list[str]:
    """Files that killed processes left and nothing has removed."""
    derived, lake = workspace.runs.folder, workspace.lake.folder
    listed = {run.folder for run in workspace.runs.all()}
    stray = [path for path in derived.glob("runs/*") if path not in listed]
    return [path.name for path in (*stray, *derived.glob(".draft-*"), *lake.glob(".writing"))]


def recorded_moves(workspace: Workspace) -> Counter[tuple[str, str, str]]:
    """Every move of every run, as the timeline should have it."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for run in workspace.runs.all():
        for batch in moves(run, start=0, rows=10_000):
            rows = batch.select(["customer_id", "at", "facts"]).to_pylist()
            counts.update(
                (row["customer_id"], row["at"].isoformat(), _canonical_json(json.loads(row["facts"]))) for row in rows
            )
    return counts


def timeline_moves() -> Counter[tuple[str, str, str]]:
    """Every move on the timeline."""
    entries = TimelineEntry.objects.filter(kind="tier").values_list("customer_id", "at", "facts")
    return Counter((who, at.isoformat(), _canonical_json(details)) for who, at, details in entries.iterator())


def followed_runs() -> set[str]:
    """The runs recorded as being on the timeline."""
    return set(FollowedRun.objects.values_list("run", flat=True))


def notes() -> Counter[str]:
    """Texts of the notes, counted."""
    return Counter(Note.objects.values_list("text", flat=True))


def check_audit() -> None:
    """Each note and each requested refresh has one row in the audit, and each note one entry on the timeline."""
    written = sorted(str(pk) for pk in Note.objects.values_list("pk", flat=True))
    assert sorted(_audited("customers.write_note")) == written
    note_ids = TimelineEntry.objects.filter(kind="write_note").values_list("facts__note", flat=True)
    assert sorted(str(pk) for pk in note_ids) == written
    job_ids = Job.objects.filter(kind="refresh").values_list("pk", flat=True)
    assert sorted(_audited("tiers.refresh")) == sorted(str(pk) for pk in job_ids)


def check_jobs() -> None:
    """Every job has ended, was done at most once, and was never claimed by two workers at once."""
    assert not Job.objects.exclude(status__in=(Status.DONE, Status.FAILED)).exists()
    for job in Job.objects.all():
        phrases = Line.objects.filter(job=job).exclude(phrase="").order_by("pk").values_list("phrase", flat=True)
        log = [phrase.removeprefix("jobs.log.") for phrase in phrases]
        assert ("taken", "taken") not in pairwise(log), log
        assert log.count("done") == (job.status == Status.DONE), log


def _audited(action: str) -> list[str]:
    return list(Change.objects.filter(action=action).values_list("subject_id", flat=True))


def _canonical_json(facts: dict[str, object]) -> str:
    return json.dumps(facts, sort_keys=True)


def _sorted(table: pl.DataFrame) -> Rows:
    key = [name for name in ("customer_id", "order_id", "source_id") if name in table.columns]
    return table.sort(key).to_dicts()
