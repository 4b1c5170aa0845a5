"""Cleanup of a workspace: the command compact, and automatic cleanup after import and refresh."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import click

from custrata.cli.help import LocalizedCommand
from custrata.cli.session import Session, now, say, workspace_option
from custrata.engine.passing import is_transient
from custrata.lake import Busy
from custrata.pipeline.upkeep import Tidied, compact_if_due, retain, tidy


@click.command("compact", cls=LocalizedCommand)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def compact_command(session: Session, as_json: bool) -> None:
    """Free what the workspace no longer needs: old versions of facts, runs past their retention, leftovers."""
    with session.progress("upkeep") as progress:
        done = tidy(session.workspace, at=now(), progress=progress)
    if as_json:
        say(json.dumps(_as_json(done), indent=1))
    else:
        _print_result(session, done)


def _as_json(done: Tidied) -> dict[str, object]:
    return {
        "freed": done.total,
        "parts": dict(done.freed),
        "merged_files": done.merged,
        "runs": [as_of.isoformat() for as_of in done.runs],
        "quarantine_files": done.quarantined,
        "busy": list(done.busy),
    }


def _print_result(session: Session, done: Tidied) -> None:
    write = session.writer("upkeep")
    say(write("freed", size=write.size(done.total)) if done.total else write("freed_nothing"))
    for part, size in done.freed.items():
        say(f"  {write(f'parts.{part}')}: {write.size(size)}")
    if done.merged:
        say("  " + write.count("merged", done.merged))
    if done.runs:
        say("  " + removed_runs_text(session, done.runs))
    if done.quarantined:
        say("  " + write.count("quarantined", done.quarantined, days=session.workspace.settings.keep_quarantine))
    for part in done.busy:
        say("  " + write("busy", part=write(f"parts.{part}")))


def removed_runs_text(session: Session, runs: tuple[datetime, ...]) -> str:
    """How many runs were removed, with the days of the first and the last of them."""
    write = session.writer("upkeep")
    days = {"first": write.day(runs[0]), "last": write.day(runs[-1])}
    return write.count("removed", len(runs), days=session.workspace.settings.keep_runs, **days)


def after_import(session: Session, *, report: bool) -> None:
    """Compact the lake where it is due, and print the space freed."""
    write = session.writer("upkeep")
    with _warn_on_failure(session):
        freed = compact_if_due(session.workspace, at=now())
        if freed and report:
            say(write("compacted_by_itself", size=write.size(freed)))


@contextmanager
def _warn_on_failure(session: Session) -> Iterator[None]:
    """Print operational errors, such as a full disk, as warnings: the command itself has succeeded already."""
    try:
        yield
    except Exception as error:
        if not (isinstance(error, OSError) or is_transient(error)):
            raise
        click.echo(session.writer("upkeep")("not_tidied", reason=error), err=True)


def after_refresh(session: Session) -> None:
    """Remove the runs past their retention, and print them."""
    with _warn_on_failure(session), suppress(Busy):  # another refresh is running, which removes them
        done = retain(session.workspace)
        if done.runs:
            say(removed_runs_text(session, done.runs))
