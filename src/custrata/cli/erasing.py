"""Erasure of customers, and the list of erasures that makes imports refuse their rows."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click

from custrata.cli.help import LocalizedCommand, LocalizedGroup
from custrata.cli.session import Session, now, say, workspace_option
from custrata.cli.tables import CannotWrite, draw
from custrata.errors import BadInput
from custrata.ingest.erasure import (
    begin_erasure,
    erase,
    people_of,
    reappeared_customers,
    require_finished,
    resume_erasures,
    rows_of,
)
from custrata.ingest.person_matching import normalized_id
from custrata.lake.erasures import NotAnErasureList
from custrata.wording.writer import Writer


class NobodyToErase(BadInput):
    template = "There is no customer “{customer}” in this workspace: nothing was erased."


@click.command("erase", cls=LocalizedCommand)
@click.argument("customer")
@click.option("--yes", is_flag=True, help="Do not ask.")
@workspace_option
def erase_command(session: Session, customer: str, yes: bool) -> None:
    """Permanently erase CUSTOMER from the workspace, its runs and files, and the server's database."""
    workspace, write = session.workspace, session.writer("cli")
    plain = normalized_id(customer)
    done = next((erased for erased in session.resumed_erasures if plain in erased.intent.customer_ids), None)
    people = people_of(workspace, [customer], session.database)
    row_counts = rows_of(workspace, people, session.database)
    if not row_counts and done is None:
        raise NobodyToErase(customer=customer)
    if done is None or (row_counts and not done.waiting):
        if not yes:
            click.confirm(write("erase_ask", customer=plain, rows=_format_counts(row_counts, write)), abort=True)
        done = erase(workspace, customer, at=now(), database=session.database)
    removed = _format_counts(require_finished(done).removed, write)
    say(write("erased", customer=plain, rows=removed or write("nothing_left")))
    if older := workspace.backups.present(before=now()):
        say(write("backups_hold", files=", ".join(backup.file for backup in older)))


def _format_counts(rows: Mapping[str, int], write: Writer) -> str:
    """The numbers of rows by place, as text."""
    return ", ".join(f"{name} {write.number(count)}" for name, count in rows.items())


@click.group("erasures", cls=LocalizedGroup)
def erasures_group() -> None:
    """Customers who were erased, and whose rows imports refuse."""


@erasures_group.command("list", cls=LocalizedCommand)
@workspace_option
def list_command(session: Session) -> None:
    """List the erasures: hashes in place of customers, time, and the reason if they were lifted."""
    write, rows = session.writer("cli"), session.workspace.erasures.all()
    heads = [write(f"heads.{name}") for name in ("erasure", "at", "lifted", "reason")]
    listed = [
        [row.name, write.instant(row.at), write.instant(row.lifted_at) if row.lifted_at else "–", row.reason or "–"]
        for row in rows
    ]
    say(draw(heads, listed, [False] * 4).rstrip("\n") if listed else write("nobody_erased"))


@erasures_group.command("export", cls=LocalizedCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@workspace_option
def export_command(session: Session, file: Path) -> None:
    """Write the list with its key into a new FILE, for a restore elsewhere; keep it as private as the data."""
    text = session.workspace.erasures.export()
    try:
        with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise CannotWrite(path=file, reason=error.strerror) from error
    say(session.writer("cli")("erasures_exported", file=file))


@erasures_group.command("import", cls=LocalizedCommand)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@workspace_option
def import_command(session: Session, file: Path) -> None:
    """Add the erasures in FILE to the list, and erase these customers from this workspace."""
    workspace, write = session.workspace, session.writer("cli")
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise NotAnErasureList(file=file) from error
    new = workspace.erasures.import_list(text, file=file)
    gone = reappeared_customers(workspace, session.database)
    if gone:
        begin_erasure(workspace, gone, at=now(), database=session.database)
        for done in resume_erasures(workspace, at=now(), database=session.database):
            require_finished(done)
    say(write("erasures_imported", new=write.number(new), erased=write.number(len(gone))))


@erasures_group.command("lift", cls=LocalizedCommand)
@click.argument("customer")
@click.option("--reason", required=True, help="The reason, for example: the customer requested a new account.")
@workspace_option
def lift_command(session: Session, customer: str, reason: str) -> None:
    """Accept rows of CUSTOMER again, named by the number or by the hash of the list."""
    lifted = session.workspace.erasures.lift(customer, reason=reason, at=now())
    say(session.writer("cli")("erasure_lifted", erasure=lifted.name))
