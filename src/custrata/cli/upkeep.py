"""Keeping a workspace small: compact it, and what import and refresh do of it by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

import click

from custrata.cli.help import Command
from custrata.cli.session import Session, now, say, workspace_option
from custrata.engine.passing import is_transient
from custrata.lake import Busy
from custrata.pipeline.upkeep import Tidied, compact_if_due, retain, tidy


@click.command("compact", cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def compact_command(session: Session, as_json: bool) -> None:
    """Free what the workspace no longer needs: former versions of facts, runs past their retention, leftovers."""
    with session.progress("upkeep") as progress:
        done = tidy(session.workspace, at=now(), progress=progress)
    if as_json:
        say(json.dumps(_as_json(done), indent=1))
    else:
        _tell(session, done)


def _as_json(done: Tidied) -> dict[str, object]:
    return {
        "freed": done.total,
        "parts": dict(done.freed),
        "merged_files": done.merged,
        "runs": [as_of.isoformat() for as_of in done.runs],
        "quarantine_files": done.quarantined,
        "busy": list(done.busy),
    }


def _tell(session: Session, done: Tidied) -> None:
    write = session.writer("upkeep")
    say(write("freed", size=write.size(done.total)) if done.total else write("freed_nothing"))
    for part, size in done.freed.items():
        say(f"  {write(f'parts.{part}')}: {write.size(size)}")
    if done.merged:
        say("  " + write.count("merged", done.merged))
    if done.runs:
        say("  " + runs_told(session, done.runs))
    if done.quarantined:
        say("  " + write.count("quarantined", done.quarantined, days=session.workspace.settings.keep_quarantine))
    for part in done.busy:
        say("  " + write("busy", part=write(f"parts.{part}")))


def runs_told(session: Session, runs: tuple[datetime, ...]) -> str:
    """How many runs were removed, and the days from which the first and the last of them looked."""
    write = session.writer("upkeep")
    days = {"first": write.day(runs[0]), "last": write.day(runs[-1])}
    return write.count("removed", len(runs), days=session.workspace.settings.keep_runs, **days)


def after_import(session: Session, *, told: bool) -> None:
    """Compact the lake where it is due, and say what that freed."""
    write = session.writer("upkeep")
    with _beside(session):
        freed = compact_if_due(session.workspace, at=now())
        if freed and told:
            say(write("compacted_by_itself", size=write.size(freed)))


@contextmanager
def _beside(session: Session) -> Iterator[None]:
    """What was asked for is done by now: a disk that is full, say, is told, and the next command looks again."""
    try:
        yield
    except Exception as error:
        if not (isinstance(error, OSError) or is_transient(error)):
            raise
        click.echo(session.writer("upkeep")("not_tidied", reason=error), err=True)


def after_refresh(session: Session) -> None:
    """Remove the runs past their retention, and say which."""
    with _beside(session), suppress(Busy):  # another refresh has begun meanwhile: it removes them
        done = retain(session.workspace)
        if done.runs:
            say(runs_told(session, done.runs))
