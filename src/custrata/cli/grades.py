"""Refresh, and what comes out of it: tiers, profile, explain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import ibis.expr.types as ir

from custrata.cli.engines import EngineChoice, engine_options
from custrata.cli.help import LocalizedCommand
from custrata.cli.session import Session, now, say, workspace_option
from custrata.cli.tables import FORMATS, raw_option, write_table
from custrata.cli.upkeep import after_refresh
from custrata.engine import Engine
from custrata.errors import BadInput, Refused
from custrata.pipeline import refresh
from custrata.pipeline.reading import GradedRun, GradedScheme
from custrata.pipeline.run_notes import describe_run
from custrata.tiering import explain
from custrata.tiering.names import notes_of


class NothingPublished(Refused):
    template = "Nothing is graded yet: run custrata refresh first."


class UnknownScheme(BadInput):
    template = "There is no scheme “{scheme}”. The schemes are {known}."


class SchemeWaits(Refused):
    template = "The scheme “{scheme}” is waiting for data: {reason}"


class UnknownCustomer(BadInput):
    template = "There is no customer “{customer}” in the run as of {as_of}."


def published(session: Session) -> GradedRun:
    """The published run. Raises `NothingPublished`."""
    run = session.workspace.runs.published()
    if run is None:
        raise NothingPublished()
    return GradedRun.of(run)


def graded_scheme(session: Session, run: GradedRun, key: str) -> GradedScheme:
    """A scheme that customers were graded by. Raises `UnknownScheme`, `SchemeWaits`."""
    if key not in run.schemes:
        raise UnknownScheme(scheme=key, known=", ".join(run.schemes))
    scheme = run.schemes[key]
    if scheme.waiting:
        raise SchemeWaits(scheme=key, reason=" ".join(notes_of(scheme.record, session.language)))
    return scheme


@click.command("refresh", cls=LocalizedCommand)
@click.option(
    "--as-of", default=None, metavar="WHEN", help="Grade as of this date or time (default: after the newest fact)."
)
@click.option("--learn", is_flag=True, help="Relearn the models of schemes: the silence curve, clusters, trees.")
@click.option("--learned-before", default=None, metavar="DATE",
              help="Learn only from facts before this day (default: all facts); implies --learn.")  # fmt: skip
@engine_options
@workspace_option
def refresh_command(
    session: Session, *, as_of: str | None, learn: bool, learned_before: str | None, chosen_engine: EngineChoice
) -> None:
    """Grade every customer and publish the result as one run."""
    write = session.writer("cli")
    with chosen_engine.open(session.workspace) as engine, session.progress("cli") as progress:
        done = refresh(
            session.workspace, engine, at=now(), as_of=as_of, learn=learn, learned_before=learned_before,
            progress=progress,
        )  # fmt: skip
    run = GradedRun.of(done.run)
    phrase = "refreshed" if done.new else "unchanged"
    say(
        write(
            phrase,
            customers=write.number(run.totals.customers),
            as_of=write.instant(done.run.as_of),
            seconds=f"{run.seconds:.1f}",
        )
    )
    for sentence in describe_run(done.run, session.writer("runs")):
        say(f"  {sentence}")
    after_refresh(session)


def _output(session: Session, table: ir.Table, engine: Engine, fmt: str, output: Path | None, *, raw: bool) -> None:
    write_table(engine.arrow(table), fmt, output, raw=raw)
    if output is not None:
        say(session.writer("cli")("written", path=output))


def _format_options(command: Any) -> Any:
    path, command = click.Path(path_type=Path), raw_option(command)
    command = click.option(
        "-o", "--output", type=path, default=None, metavar="FILE", help="Write to FILE (default: the terminal)."
    )(command)
    return click.option(
        "--format", "fmt", type=click.Choice(FORMATS), default="table", show_default=True, help="The output format."
    )(command)


@click.command("tiers", cls=LocalizedCommand)
@click.argument("scheme")
@_format_options
@workspace_option
def tiers_command(session: Session, scheme: str, fmt: str, output: Path | None, *, raw: bool) -> None:
    """Write customer_id, tier, value and since of SCHEME, best tier first."""
    run = published(session)
    order = {tier: place for place, tier in enumerate(graded_scheme(session, run, scheme).tier_keys)}
    with session.workspace.engine() as engine:
        profile = run.read("profile", engine)
        table = profile.select("customer_id", tier=f"{scheme}_tier", value=f"{scheme}_value", since=f"{scheme}_since")
        table = table.order_by(table.tier.cases(*order.items(), else_=len(order)), table.value.desc(), "customer_id")
        _output(session, table, engine, fmt, output, raw=raw)


@click.command("profile", cls=LocalizedCommand)
@_format_options
@workspace_option
def profile_command(session: Session, fmt: str, output: Path | None, *, raw: bool) -> None:
    """Write the profile: one row per customer, a column per attribute, trait and tier."""
    run = published(session)
    with session.workspace.engine() as engine:
        table = run.read("profile", engine).order_by("customer_id")
        _output(session, table, engine, fmt, output, raw=raw)


@click.command("explain", cls=LocalizedCommand)
@click.argument("customer")
@click.option("--scheme", default=None, metavar="S", help="Only this scheme.")
@click.option("--short", is_flag=True, help="Only what the customer may be informed of.")
@workspace_option
def explain_command(session: Session, customer: str, scheme: str | None, short: bool) -> None:
    """Explain why CUSTOMER is in each tier, what is missing for the next tier, and what is needed to keep the current
    tier.
    """
    run, writer = published(session), session.writer("tiers")
    if scheme is not None:
        graded_scheme(session, run, scheme)
    with session.workspace.engine() as engine:
        profile = run.read("profile", engine)
        rows = engine.arrow(profile.filter(profile.customer_id == customer)).to_pylist()
    if not rows:
        raise UnknownCustomer(customer=customer, as_of=run.as_of.date().isoformat())
    scheme_keys = [scheme] if scheme else [key for key, graded in run.schemes.items() if not graded.waiting]
    for key in scheme_keys:
        explanation = explain(key, rows[0], run.schemes[key].record, writer, as_of=run.moment)
        for number, sentence in enumerate(explanation.short if short else explanation.sentences):
            say(f"  {sentence}" if number else click.style(sentence, bold=True))
