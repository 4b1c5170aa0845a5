"""Access of the command line to a workspace's server: its database for erasures, its audit for publications.

Nothing here imports Django before a workspace with a server is used.
"""

from __future__ import annotations

import os
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from custrata.cli.language import current_language
from custrata.config.django_setup import set_up_django
from custrata.ingest.erasure import SERVER, Database
from custrata.lake import Workspace
from custrata.pipeline.publishing import PublicationLog
from custrata.wording import phrase

if TYPE_CHECKING:
    from custrata.config.server_connection import ServerConnection

FILE = "server.sqlite3"


def server_database(workspace: Workspace) -> Database | None:
    """The database of a workspace's server; None where there is none or it cannot be used."""
    connection = _connection(workspace) if _has_database(workspace) else None
    return connection.erasure_database() if connection else None


def publication_log(workspace: Workspace, user: str, at: datetime) -> PublicationLog | None:
    """The audit of a workspace's server, with an operating-system user as actor; None where there is no server.

    Where its database cannot be used, a warning on standard error says that the audit lacks the publication.
    """
    if not _has_database(workspace):
        return None
    connection = _connection(workspace)
    if connection is None:
        click.echo(phrase("server", "not_audited", current_language()), err=True)
        return None
    return connection.audit(user, at)


def _has_database(workspace: Workspace) -> bool:
    """Whether a workspace has a server: one without a server folder has none, regardless of `DATABASE_URL`."""
    state = workspace.folder / SERVER
    return state.is_dir() and bool(os.environ.get("DATABASE_URL") or (state / FILE).exists())


def _connection(workspace: Workspace) -> ServerConnection | None:
    """Set up Django on the database of a workspace's server; None where it cannot be used."""
    if find_spec("django") is None:
        return None
    set_up_django(workspace.folder)
    from custrata.config.server_connection import ServerConnection

    connection = ServerConnection(workspace.folder / SERVER)
    return connection if connection.is_usable() else None
