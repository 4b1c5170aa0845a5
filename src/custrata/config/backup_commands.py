"""The commands that keep a workspace safe: backup and restore."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import click

from custrata.cli.help import Command
from custrata.cli.language import spoken
from custrata.cli.session import WORKSPACE, folder_option, now, say
from custrata.config.backup import empty_place, unpack, write_backup
from custrata.config.commands import prepare
from custrata.wording import phrase
from custrata.wording.writer import Writer

BACKED_UP = ("orders", "order_lines", "customer_records", "events", "feedback", "products")


@click.command("backup", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@folder_option
def backup_command(file: Path, folder: Path) -> None:
    """Write the workspace and the server's database, as of one moment, into one FILE."""
    workspace = prepare(folder)
    from custrata.config import database

    database.migrate(at=now())
    head = write_backup(workspace, file, at=now())
    write = Writer(spoken(), workspace.settings.currency, workspace.settings.timezone, "server")
    snapshot = workspace.lake.snapshot()
    say(write("written", file=file, size=f"{file.stat().st_size / 2**20:,.1f}",
              facts=write.number(sum(snapshot.rows(name) for name in BACKED_UP)),
              rows=write.number(sum(head["rows"].values()))))  # fmt: skip


@click.command("restore", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-w", "--workspace", "folder", metavar="DIR", type=click.Path(path_type=Path), required=True,
              help="A new folder for the workspace.")  # fmt: skip
def restore_command(file: Path, folder: Path) -> None:
    """Put a backup FILE into a new folder, and its tables into an empty database."""
    empty_place(folder)
    folder.absolute().parent.mkdir(parents=True, exist_ok=True)
    fresh = folder.absolute().with_name(f".restoring-{secrets.token_hex(4)}")
    try:
        head = unpack(file, fresh)
        # Settings are read once, by the process, from the folder that is being filled.
        os.environ[WORKSPACE] = str(fresh / "workspace")
        prepare(fresh / "workspace")
        from django.conf import settings
        from django.db import connection

        from custrata.config.tables import load_tables

        settings.STATE.mkdir(exist_ok=True)
        load_tables(fresh / "database", [(app, name) for app, name in head["migrations"]])
        connection.close()
        if folder.exists():
            folder.rmdir()
        (fresh / "workspace").rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    say(phrase("server", "restored", spoken(), folder=folder, at=head["at"][:19].replace("T", " ")))
