"""The server's database for the command line, so that erasures include it without a running server."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import click

from custrata.cli.session import WORKSPACE
from custrata.config.commands import SETTINGS, SETTINGS_MODULE
from custrata.ingest.erasure import SERVER, Database
from custrata.lake import Workspace

FILE = "server.sqlite3"
LISTS = "custrata.erasures"  # key in the context of a command for the given lists of erasures

erasures_option = click.option(
    "--erasures",
    "lists",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path, exists=True),
    expose_value=False,
    callback=lambda context, parameter, lists: context.meta.update({LISTS: lists}),
    help="Erase again the customers of this list of erasures, or of this newer workspace; may be given several times.",
)


def server_database(workspace: Workspace) -> Database | None:
    """The database of a workspace's server; None where there is none or it cannot be used.

    A workspace without a server folder has no database, regardless of `DATABASE_URL`.
    """
    state = workspace.folder / SERVER
    usable = state.is_dir() and (os.environ.get("DATABASE_URL") or (state / FILE).exists())
    if not usable or find_spec("django") is None:
        return None
    os.environ[WORKSPACE] = str(workspace.folder.resolve())
    os.environ.setdefault(SETTINGS, SETTINGS_MODULE)
    import django

    django.setup()
    from django.conf import settings
    from django.db import OperationalError

    from custrata.apps.customers.actions import ServerDatabase
    from custrata.config.database import is_behind

    try:
        ours = Path(settings.STATE).resolve() == state.resolve()
        return ServerDatabase(state) if ours and not is_behind() else None
    except OperationalError:
        return None
