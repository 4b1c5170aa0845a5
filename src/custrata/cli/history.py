"""History: tiers over time, how long customers stay, who moved; and rebuilding past runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from custrata.analytics.moments import AsOf, NotAMoment
from custrata.cli.engines import EngineChoice, engine_options
from custrata.cli.grades import graded_scheme, published
from custrata.cli.help import LocalizedGroup
from custrata.cli.session import Session, now, say, workspace_option
from custrata.cli.tables import CannotWrite, draw, raw_option, textual
from custrata.engine.storage import reason_of
from custrata.errors import BadInput
from custrata.lake import Run
from custrata.pipeline import rebuild
from custrata.pipeline.reading import (
    GradedRun,
    Interval,
    RunRemoved,
    biggest_movers,
    history,
    history_of,
    moved_between,
    stays,
)
from custrata.pipeline.reading.stays import describe_stays
from custrata.tiering.names import scheme_name, tier_name
from custrata.wording import catalogue
from custrata.wording.writer import NOTHING


class NoSuchMoment(BadInput):
    template = (
        "There is no run “{asked}”, and it is not a date either. Give the ID of a run, or a date such as 2025-01-31."
    )


class NothingToCompare(BadInput):
    template = "No run up to {asked} graded by “{scheme}”."


scheme_argument = click.argument("scheme")
scheme_option = click.option("--scheme", default=None, metavar="S", help="Only this scheme.")


@click.group("history", cls=LocalizedGroup)
@workspace_option
def history_group(session: Session) -> None:
    """Show the history of tiers: of one customer, of all, how long they stay; or rebuild it."""


@history_group.command("show")
@click.argument("customer")
@scheme_option
@workspace_option
def show_command(session: Session, customer: str, scheme: str | None) -> None:
    """Show which tiers CUSTOMER was in, from when to when and why, newest first."""
    run = published(session)
    if scheme is not None:
        graded_scheme(session, run, scheme)
    intervals = history_of(session.workspace, customer, [scheme] if scheme else None)
    if not intervals:
        say(session.writer("history")("none"))
    for key in dict.fromkeys((*run.schemes, *(interval.scheme for interval in intervals))):
        _show(session, run, key, [interval for interval in intervals if interval.scheme == key])


@history_group.command("export")
@scheme_option
@click.option(
    "--format",
    "fmt",
    type=click.Choice(("csv", "parquet")),
    default="parquet",
    show_default=True,
    help="The output format.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Write to FILE.")
@raw_option
@workspace_option
def export_command(session: Session, scheme: str | None, fmt: str, output: Path, *, raw: bool) -> None:
    """Write the tier intervals of all customers: start, end, tier, status, value and reason."""
    run = published(session)
    if scheme is not None:
        graded_scheme(session, run, scheme)
    many = _write(session, [scheme] if scheme else None, fmt, output, raw=raw)
    write = session.writer("history")
    say(write("written", intervals=write.number(many), path=output))


def _show(session: Session, run: GradedRun, key: str, intervals: Sequence[Interval]) -> None:
    """One scheme's intervals as a table under its name."""
    if not intervals:
        return
    write, life, graded = session.writer("history"), session.writer("life"), run.schemes.get(key)
    scheme_record = None if graded is None else graded.record
    say(click.style(scheme_name(key, session.language, scheme_record), bold=True))
    rows = [
        [
            write.day(interval.valid_from),
            write("now") if interval.valid_until is None else write.day(interval.valid_until),
            tier_name(key, interval.tier, session.language, scheme_record),
            life(f"statuses.{interval.status}")
            if f"statuses.{interval.status}" in catalogue()["life"]
            else interval.status,
            "" if interval.value is None else f"{interval.value.normalize():f}",
            _reason(session, interval.reason),
            _note(session, interval),
        ]
        for interval in intervals
    ]
    names = ("from", "until", "tier", "status", "value", "reason", "note")
    say(draw([write(f"heads.{name}") for name in names], rows, [False] * 4 + [True] + [False] * 2).rstrip("\n"))


def _note(session: Session, interval: Interval) -> str:
    """Notes on an interval: whether it is a correction, and why it ended where no other tier followed."""
    write = session.writer("history")
    notes = [write("late")] if interval.late else []
    return " · ".join([*notes, *([write(f"ended_by.{interval.ended_by}")] if interval.ended_by else [])])


def _reason(session: Session, reason: str | None) -> str:
    """The reason as text: reasons of tier life are wording keys, those of people are text already."""
    is_key = f"reason.{reason}" in catalogue()["history"]
    return session.writer("history")(f"reason.{reason}") if is_key else reason or ""


def _write(session: Session, schemes: Sequence[str] | None, fmt: str, output: Path, *, raw: bool) -> int:
    """Write the intervals of all customers to a file in batches, atomically; returns their number."""
    half, many = output.with_name(f".{output.name}.part"), 0
    try:
        for batch in _batches_into(half, fmt, history(session.workspace, schemes=schemes), raw=raw):
            many += batch.num_rows
        os.replace(half, output)
    except OSError as error:
        raise CannotWrite(path=output, reason=reason_of(error)) from error
    finally:
        half.unlink(missing_ok=True)
    return many


def _batches_into(path: Path, fmt: str, batches: Iterator[pa.RecordBatch], *, raw: bool) -> Iterator[pa.RecordBatch]:
    """Write the batches, and yield each once it is written."""
    writer: pq.ParquetWriter | pacsv.CSVWriter | None = None
    try:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            table = table if fmt == "parquet" else textual(table, raw=raw)
            if writer is None:
                kind = pq.ParquetWriter if fmt == "parquet" else pacsv.CSVWriter
                writer = kind(path, table.schema)
            writer.write_table(table)
            yield batch
    finally:
        if writer is not None:
            writer.close()


@history_group.command("rebuild")
@click.option("--from", "start", type=click.DateTime(["%Y-%m-%d"]), default=None, metavar="DATE",
              help="Start on this day (default: with the first fact).")  # fmt: skip
@click.option("--every", type=click.Choice(("week", "month", "quarter")), default="month", show_default=True,
              help="The interval between the dates.")  # fmt: skip
@engine_options
@workspace_option
def rebuild_command(session: Session, start: datetime | None, every: Any, chosen_engine: EngineChoice) -> None:
    """Grade every past week, month or quarter end again with the data available now, and report what that corrects.

    After an interruption, running it again continues where it stopped.
    """
    first: date | None = None if start is None else start.date()
    with chosen_engine.open(session.workspace) as engine, session.progress("cli") as progress:
        done = rebuild(session.workspace, engine, at=now(), start=first, every=every, progress=progress)
    write = session.writer("history")
    if not done.runs:
        say(write("rebuilt_nothing"))
        return
    ends = {"first": write.day(done.runs[0].as_of), "last": write.day(done.runs[-1].as_of)}
    say(write.count("rebuilt", len(done.runs), **ends))
    if done.traces:
        say("  " + session.writer("runs").count("traces_left", done.traces))
    schemes = GradedRun.of(done.runs[-1]).schemes
    for key, many in sorted(done.corrected.items()):
        record = schemes[key].record if key in schemes else None
        say("  " + write.count("corrected", many, scheme=scheme_name(key, session.language, record)))
    if not done.corrected:
        say("  " + write("corrected_nothing"))


@history_group.command("matrix")
@scheme_argument
@click.option("--from", "start", default=None, metavar="RUN|DATE", help="The earlier run (default: the run before).")
@click.option("--to", "end", default=None, metavar="RUN|DATE", help="The later run (default: the newest).")
@workspace_option
def matrix_command(session: Session, scheme: str, start: str | None, end: str | None) -> None:
    """Show the moves between the tiers of SCHEME from one run to another: customers and their spend."""
    newest = published(session)
    scheme_record = graded_scheme(session, newest, scheme).record
    runs = [run for run in session.workspace.runs.all() if _graded(run, scheme)]
    after = _find_run(session, runs, scheme, end) if end else runs[-1]
    place = runs.index(after)
    before = _find_run(session, runs, scheme, start) if start else runs[max(0, place - 1)]
    write = session.writer("history")
    names = {"before": write.day(before.as_of), "after": write.day(after.as_of)}
    say(write("between", scheme=scheme_name(scheme, session.language, scheme_record), **names))
    rows = [
        [
            *(
                write("nobody_before") if tier is None else tier_name(scheme, tier, session.language, scheme_record)
                for tier in (move.source, move.target)
            ),
            move.customers,
            write.money(move.revenue, 2),
        ]
        for move in moved_between(before, after, scheme)
    ]
    heads = [write(f"heads.{name}") for name in ("source", "target", "customers", "revenue")]
    say(draw(heads, rows, [False, False, True, True]).rstrip("\n"))


def _graded(run: Run, scheme: str) -> bool:
    return GradedRun.of(run).scheme(scheme) is not None


def _find_run(session: Session, runs: Sequence[Run], scheme: str, run_or_day: str) -> Run:
    """The run with that id, else the last one as of the day or earlier."""
    for run in runs:
        if run.id == run_or_day:
            return run
    if run_or_day in session.workspace.runs.traces():
        raise RunRemoved(run=run_or_day)
    try:
        moment = AsOf.of(run_or_day, session.workspace.settings.timezone)
    except NotAMoment as error:
        raise NoSuchMoment(asked=run_or_day) from error
    earlier = [run for run in runs if run.as_of <= moment.instant]
    if not earlier:
        raise NothingToCompare(asked=run_or_day, scheme=scheme)
    return earlier[-1]


@history_group.command("stays")
@scheme_argument
@workspace_option
def stays_command(session: Session, scheme: str) -> None:
    """Show how long customers stay in each tier of SCHEME: the median, and the share still there after 30 to 365
    days.
    """
    run, write = published(session), session.writer("history")
    scheme_record, lengths = graded_scheme(session, run, scheme).record, stays(session.workspace, scheme)
    rows = [
        [
            tier_name(scheme, stay.tier, session.language, scheme_record),
            stay.stays,
            stay.going_on,
            stay.before,
            NOTHING if stay.curve.median is None else write.number(stay.curve.median),
            *(
                NOTHING if share is None else write.share(float(share))
                for share in stay.curve.shares(lengths.horizons).values()
            ),
        ]
        for stay in lengths.tiers
    ]
    heads = [write(f"heads.{name}") for name in ("tier", "stays", "going_on", "before", "median")]
    heads += [write("heads.after", days=days) for days in lengths.horizons]
    say(draw(heads, rows, [False] + [True] * (len(heads) - 1)).rstrip("\n"))
    for sentence in (write("how_stays"), *describe_stays(lengths, write)):
        say(sentence)


@history_group.command("movers")
@scheme_argument
@click.option("--run", "run_or_day", default=None, metavar="RUN|DATE", help="At this run (default: the newest).")
@click.option(
    "--most",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="Number of customers to list in each direction.",
)
@workspace_option
def movers_command(session: Session, scheme: str, run_or_day: str | None, most: int) -> None:
    """Show the customers with the highest spend who moved up or down in SCHEME in a run."""
    scheme_record = graded_scheme(session, published(session), scheme).record
    runs = [run for run in session.workspace.runs.all() if _graded(run, scheme)]
    run = _find_run(session, runs, scheme, run_or_day) if run_or_day else runs[-1]
    write = session.writer("history")
    rows = [
        [
            {"up": "↑", "down": "↓"}[mover.direction],
            mover.customer_id,
            mover.name,
            tier_name(scheme, mover.source, session.language, scheme_record),
            tier_name(scheme, mover.target, session.language, scheme_record),
            write.money(mover.spend or Decimal(0), 2),
            write("late") if mover.late else "",
        ]
        for mover in biggest_movers(run, scheme, most)
    ]
    heads = ["", *(write(f"heads.{name}") for name in ("customer",)), "", *(
        write(f"heads.{name}") for name in ("source", "target", "spend", "note")
    )]  # fmt: skip
    say(draw(heads, rows, [False] * 5 + [True, False]).rstrip("\n"))
