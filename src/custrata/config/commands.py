"""The commands that serve: up, web, work, manage; and the demo, served.

Nothing here imports Django before a command runs, so that the library's commands work where it is not installed.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import click

from custrata.cli.demo import make_demo
from custrata.cli.help import Command, language_option
from custrata.cli.language import LANGUAGE, current_language
from custrata.cli.session import WORKSPACE, Session, folder_option, now, say
from custrata.config import ports
from custrata.engine.scratch import remove_abandoned
from custrata.engine.storage import storage_error
from custrata.errors import Refused
from custrata.lake import Workspace
from custrata.lake.private import restrict_folder
from custrata.lake.workspace import LEFT_INSIDE
from custrata.wording import phrase

if TYPE_CHECKING:
    from custrata.config.processes import Service

SETTINGS, SETTINGS_MODULE = "DJANGO_SETTINGS_MODULE", "custrata.config.settings"
PORT, LAST_PORT = 8000, 65535
DEMO = "demo"


class ServerMissing(Refused):
    template = "The server is not installed. Install it: pip install 'custrata[server]'"


class PortInUse(Refused):
    template = "Port {port} is in use already. Stop what uses it, or name another: --port {other}"


class NoSuchAddress(Refused):
    template = "The server cannot listen at {host}, port {port}: {reason}. Name another with --host and --port."


class DatabaseBehind(Refused):
    template = "The server's database is older than this version. Bring it up to date: custrata manage migrate"


class DatabaseUnreachable(Refused):
    template = "The server's database cannot be used: {reason}"


def _address_options(command: Callable[..., None]) -> Callable[..., None]:
    host = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
    port = click.option(
        "--port", type=click.IntRange(1, LAST_PORT), default=PORT, show_default=True, help="The port to listen at."
    )
    workers = click.option(
        "--workers", type=click.IntRange(1, 64), default=None, help="Processes that answer (default: 2; 1 on one core)."
    )
    return host(port(workers(command)))


def _jobs_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Jobs that run at the same time."
    )(command)


@click.command("up", cls=Command)
@_address_options
@_jobs_option
@folder_option
def up_command(folder: Path, host: str, port: int, workers: int | None, jobs: int) -> None:
    """Serve the workspace: pages, jobs and schedules, until Ctrl+C or SIGTERM."""
    serve(prepare(folder), host=host, port=port, workers=workers, jobs=jobs)


@click.command("web", cls=Command)
@_address_options
@folder_option
def web_command(folder: Path, host: str, port: int, workers: int | None) -> None:
    """Serve the pages alone; jobs are done by `custrata work`, here or elsewhere."""
    workspace = prepare(folder)
    from custrata.config import processes

    with _port(host, port):
        _refuse_old_database()
        _supervise(workspace, [processes.web(host, port, workers or _cores())], address=(host, port))


@click.command("work", cls=Command)
@_jobs_option
@folder_option
def work_command(folder: Path, jobs: int) -> None:
    """Run jobs and schedules without pages; any number of these processes, on any machine."""
    workspace = prepare(folder)
    _refuse_old_database()
    from custrata.config import processes

    _supervise(workspace, [processes.worker(jobs), processes.scheduler()])


@click.command("manage", cls=Command, context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage_command(arguments: tuple[str, ...]) -> None:
    """Run a command of Django's, such as migrate or shell, on the workspace of this folder or $CUSTRATA_WORKSPACE."""
    _need_server()
    os.environ.setdefault(SETTINGS, SETTINGS_MODULE)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["custrata manage", *arguments])


@click.command("demo", cls=Command)
@click.option("--no-serve", is_flag=True, help="Stop after grading and reporting.")
@language_option
@click.option("-w", "--workspace", "folder", type=click.Path(path_type=Path), default=Path("demo"), metavar="DIR",
              show_default=True, envvar=WORKSPACE, help="The folder of the demo workspace.")  # fmt: skip
@_address_options
def demo_command(
    *, no_serve: bool, language: str | None, folder: Path, host: str, port: int, workers: int | None
) -> None:
    """Load real retail data (Complete Journey), grade it at twelve month ends, write the report, and serve it."""
    speak = language or current_language()
    if no_serve:
        make_demo(folder, speak)
        return
    if not _has_server():
        make_demo(folder, speak)
        say(phrase("server", "install", speak))
        return
    _port(host, port).close()  # refuses before the work, not after it
    make_demo(folder, speak)
    prepare(folder)
    _make_demo_sign_in()
    # A new process: the server forks, which is not safe in a process that has used an engine.
    options = ["--host", host, "--port", str(port), *(["--workers", str(workers)] if workers else [])]
    sys.stdout.flush()
    os.environ[LANGUAGE] = speak
    os.execv(sys.executable, [sys.executable, "-m", "custrata", "up", "-w", str(folder), *options])


COMMANDS = (up_command, web_command, work_command, manage_command, demo_command)


def _has_server() -> bool:
    return find_spec("django") is not None and find_spec("granian") is not None


def _need_server() -> None:
    if not _has_server():
        raise ServerMissing


def _cores() -> int:
    return min(len(os.sched_getaffinity(0)), 2)


def prepare(folder: Path) -> Workspace:
    """Select the workspace of this process, and set up Django.

    Raises `ServerMissing`, and what opening the workspace raises.
    """
    session = Session(folder)
    click.get_current_context().find_root().obj = session
    _need_server()
    # Restrict the top folders of workspaces of earlier versions; `doctor` does so for all files.
    for part in (session.workspace.folder, session.workspace.folder / "server"):
        if part.exists():
            restrict_folder(part)
    os.environ[WORKSPACE] = str(session.workspace.folder.resolve())
    os.environ.setdefault(SETTINGS, SETTINGS_MODULE)
    import django
    from django.conf import settings

    django.setup()
    remove_abandoned(settings.BACKUPS, *LEFT_INSIDE)
    return session.workspace


def serve(
    workspace: Workspace,
    *,
    host: str,
    port: int,
    workers: int | None,
    jobs: int,
) -> None:
    """Migrate the database and run all services under one supervisor, until stopped."""
    from custrata.config import processes

    with _port(host, port):
        _migrate()
        lines = _first_sign_in(_url(host, port))
        services = [processes.web(host, port, workers or _cores()), processes.worker(jobs), processes.scheduler()]
        _supervise(workspace, services, address=(host, port), lines=lines)


def _supervise(
    workspace: Workspace,
    services: Sequence[Service],
    *,
    address: tuple[str, int] | None = None,
    lines: Sequence[str] = (),
) -> None:
    from custrata.config import processes

    name, language = workspace.settings.name, current_language()

    def tell() -> None:
        if address is None:
            say(phrase("server", "working", language, name=name))
        else:
            say(phrase("server", "serving", language, name=name, address=_url(*address)))
        for line in lines:
            say(line)
        sys.stdout.flush()

    processes.supervise(services, ready=lambda: address is None or ports.is_listening(*address), tell=tell)


def _port(host: str, port: int) -> socket:
    """Reserve the address. Raises `PortInUse`, `NoSuchAddress`."""
    try:
        return ports.hold_port(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port=port, other=port + 1 if port < LAST_PORT else PORT) from error
        raise NoSuchAddress(host=host, port=port, reason=error.strerror or error) from error


def _url(host: str, port: int) -> str:
    reachable_host = ports.reachable(host)
    return f"http://[{reachable_host}]:{port}" if ":" in reachable_host else f"http://{reachable_host}:{port}"


@contextmanager
def _database() -> Iterator[None]:
    """Check that no restore is unfinished, and translate database errors. Raises `DatabaseUnreachable`,
    `RestoreUnfinished`."""
    from django.conf import settings
    from django.db import DatabaseError, OperationalError

    from custrata.config.restoring import finish_restore

    try:
        finish_restore(settings.STATE)
        yield
    except DatabaseError as error:
        of_disk = storage_error(error)
        if of_disk is not None:
            raise of_disk from error
        if not isinstance(error, OperationalError):
            raise
        raise DatabaseUnreachable(reason=str(error).strip().splitlines()[0]) from error


def migrate() -> Path | None:
    """Migrate the database; returns the copy made before, if any.

    Raises `DatabaseUnreachable`, `RestoreUnfinished`, `Busy`.
    """
    from custrata.config import database

    with _database():
        return database.migrate(at=now())


def _migrate() -> None:
    copy = migrate()
    if copy is not None:
        say(phrase("server", "backed_up", current_language(), path=copy))


def _refuse_old_database() -> None:
    """Raises `DatabaseBehind`, `DatabaseUnreachable`, `RestoreUnfinished`."""
    from custrata.config import database

    with _database():
        behind = database.is_behind()
    if behind:
        raise DatabaseBehind


def _first_sign_in(url: str) -> list[str]:
    """The link to create the first administrator; empty where there is one."""
    from custrata.apps.accounts.actions import first_sign_in_link

    link = first_sign_in_link(at=now())
    return [phrase("server", "first_link", current_language(), link=f"{url}{link}")] if link else []


def _make_demo_sign_in() -> None:
    """Create the demo's administrator, and print name and password, which is not stored."""
    _migrate()
    from custrata.apps.accounts.actions import create_person, new_password
    from custrata.web.rights import Role

    password = new_password()
    create_person(username=DEMO, role=Role.ADMINISTRATOR, name="", password=password, actor=None, at=now())
    say(phrase("server", "demo_sign_in", current_language(), name=DEMO, password=password))
