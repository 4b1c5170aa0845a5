"""Customers excluded from grading: exclude, include, and the list with the numbers that are likely shared."""

from __future__ import annotations

import click

from custrata.cli.grades import UnknownCustomer, published
from custrata.cli.help import LocalizedCommand
from custrata.cli.session import Session, now, say, workspace_option
from custrata.cli.tables import draw
from custrata.lake import Run
from custrata.pipeline.reading import likely_shared_cards


@click.command("exclude", cls=LocalizedCommand)
@click.argument("customers", nargs=-1, required=True, metavar="CUSTOMER...")
@click.option("--reason", required=True, help="The reason, for example: shared card of the store.")
@workspace_option
def exclude_command(session: Session, customers: tuple[str, ...], reason: str) -> None:
    """Exclude customers from grading: their data stays visible, but does not count toward lines from the next
    refresh on.
    """
    workspace, write = session.workspace, session.writer("cli")
    run = published(session)
    for customer in customers:
        _check(session, run, customer)
    added = workspace.exclusions.add(customers, reason=reason, by="", at=now())
    say(write("excluded", customers=", ".join(added)) if added else write("excluded_before"))


@click.command("include", cls=LocalizedCommand)
@click.argument("customers", nargs=-1, required=True, metavar="CUSTOMER...")
@workspace_option
def include_command(session: Session, customers: tuple[str, ...]) -> None:
    """Include excluded customers in grading again, from the next refresh on."""
    write, removed = session.writer("cli"), session.workspace.exclusions.remove(customers)
    say(write("included", customers=", ".join(removed)) if removed else write("not_excluded"))


@click.command("excluded", cls=LocalizedCommand)
@workspace_option
def excluded_command(session: Session) -> None:
    """List the customers excluded from grading, and those whose ID is probably shared by several people."""
    write, rows = session.writer("cli"), session.workspace.exclusions.all().values()
    listed = [[row.customer_id, row.reason, row.by or "–", write.instant(row.at)] for row in rows]
    heads = [write(f"heads.{name}") for name in ("customer", "reason", "by", "at")]
    say(draw(heads, listed, [False] * 4).rstrip("\n") if listed else write("nobody_excluded"))
    run = session.workspace.runs.published()
    for card in likely_shared_cards(run) if run is not None else ():
        say(
            write(
                "likely_shared",
                customer=card.customer_id,
                orders=write.number(card.orders),
                share=write.share(card.share),
            )
        )


def _check(session: Session, run: Run, customer: str) -> None:
    with session.workspace.engine() as engine:
        profile = run.read("profile", engine)
        if not engine.arrow(profile.filter(profile.customer_id == customer).select("customer_id")).num_rows:
            raise UnknownCustomer(customer=customer, as_of=run.as_of)
