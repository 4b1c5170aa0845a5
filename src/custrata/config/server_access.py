"""Access of the command line to a workspace's server: its database for erasures, its audit for publications.

Nothing here imports Django before a workspace with a server is used.
"""

from __future__ import annotations

import os
from datetime import datetime
from importlib.util import find_spec

import click

from custrata.cli.language import current_language
from custrata.cli.session import WORKSPACE
from custrata.config.commands import SETTINGS, SETTINGS_MODULE
from custrata.ingest.erasure import SERVER, Database
from custrata.lake import Workspace
from custrata.pipeline.publishing import PublicationLog
from custrata.wording import phrase

FILE = "server.sqlite3"


def server_database(workspace: Workspace) -> Database | None:
    """The database of a workspace's server; None where there is none or it cannot be used."""
    if not _connect(workspace):
        return None
    from custrata.config import server_connection

    return server_connection.erasure_database(workspace.folder / SERVER)


def publication_log(workspace: Workspace, user: str, at: datetime) -> PublicationLog | None:
    """The audit of a workspace's server, with an operating-system user as actor; None where there is no server.

    Where its database cannot be used, a warning on standard error says that the audit lacks the publication.
    """
    if not _has_database(workspace):
        return None
    if not _connect(workspace):
        click.echo(phrase("server", "not_audited", current_language()), err=True)
        return None
    from custrata.config import server_connection

    return server_connection.command_audit(user, at)


def _has_database(workspace: Workspace) -> bool:
    """Whether a workspace has a server: one without a server folder has none, regardless of `DATABASE_URL`."""
    state = workspace.folder / SERVER
    return state.is_dir() and bool(os.environ.get("DATABASE_URL") or (state / FILE).exists())


def _connect(workspace: Workspace) -> bool:
    """Set up Django on the database of a workspace's server. Returns whether it can be used."""
    if not _has_database(workspace) or find_spec("django") is None:
        return False
    os.environ[WORKSPACE] = str(workspace.folder.resolve())
    os.environ.setdefault(SETTINGS, SETTINGS_MODULE)
    import django

    django.setup()
    from custrata.config import server_connection

    return server_connection.is_usable(workspace.folder / SERVER)
