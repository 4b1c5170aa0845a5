"""The commands backup and restore."""

from __future__ import annotations

from pathlib import Path

import click

from custrata.cli.help import LocalizedCommand
from custrata.cli.language import current_language
from custrata.cli.session import folder_option, now, say
from custrata.config.backup import NOTE, STATE, ensure_empty, unpack
from custrata.config.commands import prepare
from custrata.config.erasing import erasures_option
from custrata.engine.scratch import Scratch, remove_abandoned
from custrata.lake import Workspace
from custrata.lake.workspace import LEFT_BESIDE
from custrata.wording import phrase
from custrata.wording.writer import Writer

BACKED_UP = ("orders", "order_lines", "customer_records", "events", "feedback", "products")


@click.command("backup", cls=LocalizedCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--no-verify", "unverified", is_flag=True, help="Do not test whether the backup can be restored.")
@folder_option
def backup_command(file: Path, folder: Path, *, unverified: bool) -> None:
    """Write the workspace and the server's database, as of one moment, into one FILE."""
    server = prepare(folder)
    head = server.back_up(file, verify=not unverified)
    write = _writer(server.workspace)
    rows = write.number(sum(head["rows"].values()))
    say(write("written", file=file, size=f"{file.stat().st_size / 2**20:,.1f}", rows=rows,
              facts=write.number(sum(head["facts"].get(name, 0) for name in BACKED_UP))))  # fmt: skip
    say(write("unverified" if unverified else "verified", tables=len(head["rows"]), rows=rows))


@click.command("restore", cls=LocalizedCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-w", "--workspace", "folder", metavar="DIR", type=click.Path(path_type=Path), required=True,
              help="A new folder for the workspace.")  # fmt: skip
@erasures_option
def restore_command(file: Path, folder: Path) -> None:
    """Restore a backup FILE into a new folder, and its tables into an empty database."""
    at, target = now(), folder.absolute()
    remove_abandoned(target.parent, *LEFT_BESIDE)
    if (target / STATE / NOTE).exists():
        _finish(target)
        return
    ensure_empty(folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    with Scratch(target.parent, prefix=".restoring-") as scratch:
        unpacked = scratch / "backup"
        head = unpack(file, unpacked)
        # Django reads its settings once per process, here from the unpacked folder.
        restored, lines = prepare(unpacked / "workspace").restore(unpacked, head, target=target, at=at)
    write = _writer(restored.workspace)
    say(write("restored", folder=folder, at=head["at"][:19].replace("T", " ")))
    for replaced in restored.replaced:
        facts = {"table": replaced.table, "column": replaced.column, "example": replaced.example}
        say(write("replaced", count=write.number(replaced.count), **facts))
    for line in lines:
        say(line)


def _finish(folder: Path) -> None:
    """Finish a restore that was killed after everything was in place."""
    prepare(folder).finish_restore()
    say(phrase("server", "restored_before", current_language(), folder=folder))


def _writer(workspace: Workspace) -> Writer:
    return Writer(current_language(), workspace.settings.currency, workspace.settings.timezone, "server")
