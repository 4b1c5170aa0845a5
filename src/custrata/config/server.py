"""The server of a workspace, as the commands use it. Imported after `django.setup`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError

from custrata.apps.accounts.actions import create_person, first_sign_in_link, new_password
from custrata.cli.language import current_language
from custrata.cli.session import now, say
from custrata.config import database, ports, processes
from custrata.config.backup import write_backup
from custrata.config.repeated_erasure import repeat_erasures
from custrata.config.restoring import STEPS, Restored, fill, finish_restore
from custrata.engine.scratch import remove_abandoned
from custrata.engine.storage import storage_error
from custrata.lake import Workspace
from custrata.lake.workspace import LEFT_INSIDE
from custrata.web.rights import Role
from custrata.wording import phrase

DEMO = "demo"


@dataclass(frozen=True)
class Server:
    """The server of the workspace of this process."""

    workspace: Workspace

    def remove_abandoned(self) -> None:
        """Remove what killed backups left in the folder of backups."""
        remove_abandoned(settings.BACKUPS, *LEFT_INSIDE)

    def serve(self, host: str, port: int, workers: int | None, jobs: int) -> None:
        """Migrate the database and run all services under one supervisor, until stopped."""
        with ports.reserve(host, port):
            self.migrate()
            lines = _first_sign_in(ports.url(host, port))
            services = [_web(host, port, workers), processes.worker(jobs), processes.scheduler()]
            self._supervise(services, address=(host, port), lines=lines)

    def serve_pages(self, host: str, port: int, workers: int | None) -> None:
        """Run the web server alone, until stopped. Raises `DatabaseBehind` and what `serve` raises."""
        with ports.reserve(host, port):
            _refuse_old_database()
            self._supervise([_web(host, port, workers)], address=(host, port))

    def work(self, jobs: int) -> None:
        """Run the worker and the scheduler, until stopped.

        Raises `DatabaseBehind`, `DatabaseUnreachable`, `RestoreUnfinished`.
        """
        _refuse_old_database()
        self._supervise([processes.worker(jobs), processes.scheduler()])

    def migrate(self) -> None:
        """Migrate the database, and print the path of the copy made before, if any.

        Raises `DatabaseUnreachable`, `RestoreUnfinished`, `Busy`.
        """
        copy = _migrate()
        if copy is not None:
            say(phrase("server", "backed_up", current_language(), path=copy))

    def make_demo_sign_in(self) -> None:
        """Create the demo's administrator, and print name and password, which is not stored."""
        self.migrate()
        password = new_password()
        create_person(username=DEMO, role=Role.ADMINISTRATOR, name="", password=password, actor=None, at=now())
        say(phrase("server", "demo_sign_in", current_language(), name=DEMO, password=password))

    def back_up(self, file: Path, *, verify: bool) -> Mapping[str, Any]:
        """Migrate the database and write a backup; returns its metadata. Raises what `write_backup` raises."""
        _migrate()
        return write_backup(self.workspace, file, at=now(), verify=verify)

    def restore(
        self, unpacked: Path, head: Mapping[str, Any], *, target: Path, at: datetime
    ) -> tuple[Restored, list[str]]:
        """Fill the database from an unpacked backup whose workspace is that of this process, and put both in place.

        Returns also messages of the steps. Raises what `fill` raises.
        """
        self.workspace.make_folders()
        if repeat_erasures not in STEPS:
            STEPS.append(repeat_erasures)
        settings.STATE.mkdir(exist_ok=True, mode=0o700)
        return fill(unpacked, head, self.workspace, target=target, at=at)

    def finish_restore(self) -> None:
        """Finish a restore that was killed after everything was in place. Raises `RestoreUnfinished`."""
        finish_restore(settings.STATE)

    def _supervise(
        self,
        services: Sequence[processes.Service],
        *,
        address: tuple[str, int] | None = None,
        lines: Sequence[str] = (),
    ) -> None:
        name, language = self.workspace.settings.name, current_language()

        def announce() -> None:
            if address is None:
                say(phrase("server", "working", language, name=name))
            else:
                say(phrase("server", "serving", language, name=name, address=ports.url(*address)))
            for line in lines:
                say(line)
            sys.stdout.flush()

        processes.supervise(services, ready=lambda: address is None or ports.is_listening(*address), tell=announce)


def _web(host: str, port: int, workers: int | None) -> processes.Service:
    return processes.web(host, port, workers or min(len(os.sched_getaffinity(0)), 2))


@contextmanager
def _database() -> Iterator[None]:
    """Check that no restore is unfinished, and translate database errors. Raises `DatabaseUnreachable`,
    `RestoreUnfinished`."""
    try:
        finish_restore(settings.STATE)
        yield
    except DatabaseError as error:
        of_disk = storage_error(error)
        if of_disk is not None:
            raise of_disk from error
        if not isinstance(error, OperationalError):
            raise
        raise database.DatabaseUnreachable(reason=str(error).strip().splitlines()[0]) from error


def _migrate() -> Path | None:
    with _database():
        return database.migrate(at=now())


def _refuse_old_database() -> None:
    """Raises `DatabaseBehind`, `DatabaseUnreachable`, `RestoreUnfinished`."""
    with _database():
        behind = database.is_behind()
    if behind:
        raise database.DatabaseBehind


def _first_sign_in(url: str) -> list[str]:
    """The link to create the first administrator; empty where there is one."""
    link = first_sign_in_link(at=now())
    return [phrase("server", "first_link", current_language(), link=f"{url}{link}")] if link else []
