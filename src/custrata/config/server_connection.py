"""What the command line uses of a workspace's server. Imported after `django.setup`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, OperationalError, transaction

from custrata.apps.audit.actions import SystemUser
from custrata.apps.customers.actions import ServerDatabase
from custrata.apps.tiers.actions import PublicationAudit
from custrata.config.database import DatabaseUnreachable, is_behind
from custrata.ingest.erasure import Database
from custrata.pipeline.publishing import PublicationLog


@dataclass(frozen=True)
class ServerConnection:
    """A connection to the database of the server with this state folder."""

    state: Path

    def is_usable(self) -> bool:
        """Whether Django is set up for this server, and its database is up to date."""
        try:
            return Path(settings.STATE).resolve() == self.state.resolve() and not is_behind()
        except OperationalError:
            return False

    def erasure_database(self) -> Database:
        """The database for erasures."""
        return ServerDatabase(self.state)

    def audit(self, user: str, at: datetime) -> PublicationLog:
        """The audit for publications of an operating-system user."""
        return CommandAudit(SystemUser(user), at)


class CommandAudit(PublicationAudit):
    """Records publications of commands; a database error is a refusal."""

    def transaction(self) -> AbstractContextManager[object]:
        """A transaction. Raises `DatabaseUnreachable` where the database fails."""
        return _transaction()


@contextmanager
def _transaction() -> Iterator[None]:
    try:
        with transaction.atomic():
            yield
    except DatabaseError as error:
        raise DatabaseUnreachable(reason=str(error).strip().splitlines()[0]) from error
