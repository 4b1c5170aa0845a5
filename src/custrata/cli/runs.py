"""Runs: list, withdraw and verify."""

from __future__ import annotations

import getpass
import sys

import click

from custrata.cli.engines import EngineChoice, engine_options
from custrata.cli.help import LocalizedCommand, LocalizedGroup
from custrata.cli.session import Session, now, say, workspace_option
from custrata.cli.tables import draw
from custrata.lake import Run, Workspace
from custrata.lake.retention import instant_of
from custrata.pipeline import Verified, verify, withdraw
from custrata.pipeline.reading import GradedRun, RunRemoved
from custrata.pipeline.run_notes import describe_marks
from custrata.pipeline.verifying import RunBeforeRemoved
from custrata.pipeline.withdrawal import NoSuchPublishedRun
from custrata.wording import error_sentence

MOST_SHOWN = 10


@click.group("runs", cls=LocalizedGroup)
@workspace_option
def runs_group(session: Session) -> None:
    """List published runs, withdraw a run, or compute it again and compare."""


@runs_group.command("list", cls=LocalizedCommand)
@workspace_option
def list_command(session: Session) -> None:
    """List every run, newest first, including withdrawn ones."""
    write, runs = session.writer("runs"), session.workspace.runs
    heads = [write(f"heads.{name}") for name in ("run", "as_of", "made", "customers", "note")]
    rows = [
        [run.id, write.instant(run.as_of), write.instant(run.created_at), run.totals.customers,
         ", ".join(describe_marks(run, write))]
        for run in map(GradedRun.of, reversed(runs.all()))
    ]  # fmt: skip
    say(draw(heads, rows, [False, False, False, True, False]).rstrip("\n") if rows else write("none"))
    if traces := runs.traces():
        last = write.instant(instant_of(traces[-1]))
        say(write.count("traces", len(traces), last=last))
    for gone in runs.withdrawn():
        facts = {"run": gone.id, "as_of": write.instant(gone.as_of), "by": gone.by or "?", "reason": gone.reason or "–"}
        say(write("withdrawn", at=write.instant(gone.at), **facts))
    started_at = runs.rebuilding()
    if started_at is not None:
        say(write("rebuilding", at=write.instant(started_at)))


@runs_group.command("withdraw", cls=LocalizedCommand)
@click.argument("run_id", metavar="ID")
@click.option("--reason", default="", help="The reason, stored with the record of the run.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@engine_options
@workspace_option
def withdraw_command(session: Session, run_id: str, reason: str, yes: bool, chosen_engine: EngineChoice) -> None:
    """Withdraw the run ID: it is no longer published, and later runs are graded again without it."""
    workspace, write = session.workspace, session.writer("runs")
    run = _published_run(workspace, run_id)
    later = sum(other.as_of > run.as_of for other in workspace.runs.all())
    if not yes:
        question = write("ask", run=run.id, as_of=write.instant(run.as_of))
        click.confirm(f"{question} {write.count('ask_later', later)}" if later else question, abort=True)
    with chosen_engine.open(workspace) as engine, session.progress("cli") as progress:
        done = withdraw(workspace, engine, run_id, at=now(), by=_who(), reason=reason, progress=progress)
    say(write("done", run=done.run.id, as_of=write.instant(done.run.as_of)))
    if done.anew:
        say(write.count("anew", len(done.anew)))
    if done.traces:
        say(write.count("traces_left", done.traces))


@runs_group.command("verify", cls=LocalizedCommand)
@click.argument("run_id", metavar="ID", required=False)
@click.option("--all", "everything", is_flag=True, help="Every published run.")
@engine_options
@workspace_option
def verify_command(session: Session, run_id: str | None, everything: bool, chosen_engine: EngineChoice) -> None:
    """Compute the run ID (default: the newest) again from what it recorded, and compare every row; exit code 1
    if any row differs.
    """
    workspace = session.workspace
    ids = workspace.runs.ids()
    run_ids = ids if everything else [_published_run(workspace, run_id).id] if run_id else ids[-1:]
    equal = True
    with chosen_engine.open(workspace) as engine:
        for verified_id in run_ids:
            try:
                result = verify(workspace, engine, verified_id)
            except RunBeforeRemoved as error:
                if not everything:
                    raise
                say(error_sentence(error, session.language))
                continue
            _print_result(session, result)
            equal = equal and result.equal
    if not run_ids:
        say(session.writer("runs")("none"))
    if not equal:
        sys.exit(1)


def _print_result(session: Session, result: Verified) -> None:
    write = session.writer("runs")
    head = {"run": result.run.id, "as_of": write.instant(result.run.as_of), "customers": write.number(result.customers)}
    say(write("equal" if result.equal else "differs", **head))
    if not result.facts:
        say("  " + write("facts_gone"))
    if result.definitions is not None:
        say("  " + write("other_definitions", version=GradedRun.of(result.run).version))
    if not result.before:
        say("  " + write("before_gone"))
    for name, many in (("gone", result.gone), ("added", result.added)):
        if many:
            say("  " + write.count(f"rows_{name}", many))
    if result.columns:
        say("  " + write("columns", columns=", ".join(result.columns)))
    for difference in result.differences[:MOST_SHOWN]:
        facts = {
            "published": difference.published or "–",
            "computed": difference.computed or "–",
            "customer": difference.customer_id,
        }
        say("  " + write.count("difference", difference.customers, column=difference.column, **facts))
    if len(result.differences) > MOST_SHOWN:
        say("  " + write.count("more", len(result.differences) - MOST_SHOWN))


def _published_run(workspace: Workspace, run_id: str) -> Run:
    """The published run of an id. Raises `NoSuchPublishedRun`, `RunRemoved`."""
    if run_id in workspace.runs.traces():
        raise RunRemoved(run=run_id)
    if run_id not in workspace.runs.ids():
        raise NoSuchPublishedRun(run=run_id)
    return workspace.runs.run(run_id)


def _who() -> str:
    """The name of the system user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""
