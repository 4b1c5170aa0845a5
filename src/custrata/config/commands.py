"""The commands that serve: up, web, work, manage; and the demo, served.

Nothing here imports Django before a command calls `prepare`, so that the library's commands work without it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from custrata.cli.demo import make_demo
from custrata.cli.help import LocalizedCommand, language_option
from custrata.cli.language import LANGUAGE, current_language
from custrata.cli.session import WORKSPACE, Session, folder_option, say
from custrata.config import ports
from custrata.config.django_setup import select_settings, set_up_django
from custrata.errors import Refused
from custrata.private import restrict_folder
from custrata.wording import phrase

if TYPE_CHECKING:
    from custrata.config.server import Server


class ServerMissing(Refused):
    template = "The server is not installed. Install it: pip install 'custrata[server]'"


def _address_options(command: Callable[..., None]) -> Callable[..., None]:
    host = click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
    port = click.option(
        "--port",
        type=click.IntRange(1, ports.LAST_PORT),
        default=ports.DEFAULT_PORT,
        show_default=True,
        help="The port to listen at.",
    )
    workers = click.option(
        "--workers", type=click.IntRange(1, 64), default=None, help="Processes that answer (default: 2; 1 on one core)."
    )
    return host(port(workers(command)))


def _jobs_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--jobs", type=click.IntRange(1, 64), default=2, show_default=True, help="Jobs that run at the same time."
    )(command)


@click.command("up", cls=LocalizedCommand)
@_address_options
@_jobs_option
@folder_option
def up_command(folder: Path, host: str, port: int, workers: int | None, jobs: int) -> None:
    """Serve the workspace: pages, jobs and schedules, until Ctrl+C or SIGTERM."""
    prepare(folder).serve(host, port, workers, jobs)


@click.command("web", cls=LocalizedCommand)
@_address_options
@folder_option
def web_command(folder: Path, host: str, port: int, workers: int | None) -> None:
    """Serve only the pages; `custrata work` runs the jobs, on this machine or another."""
    prepare(folder).serve_pages(host, port, workers)


@click.command("work", cls=LocalizedCommand)
@_jobs_option
@folder_option
def work_command(folder: Path, jobs: int) -> None:
    """Run jobs and schedules without pages; any number of these processes can run, on any machine."""
    prepare(folder).work(jobs)


@click.command(
    "manage", cls=LocalizedCommand, context_settings={"ignore_unknown_options": True, "help_option_names": []}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def manage_command(arguments: tuple[str, ...]) -> None:
    """Run a Django command, such as migrate or shell, on the workspace of this folder or $CUSTRATA_WORKSPACE."""
    _need_server()
    select_settings()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["custrata manage", *arguments])


@click.command("demo", cls=LocalizedCommand)
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
    ports.reserve(host, port).close()  # refuses before the work, not after it
    make_demo(folder, speak)
    prepare(folder).make_demo_sign_in()
    # A new process: the server forks, which is not safe in a process that has used an engine.
    options = ["--host", host, "--port", str(port), *(["--workers", str(workers)] if workers else [])]
    sys.stdout.flush()
    os.environ[LANGUAGE] = speak
    os.execv(sys.executable, [sys.executable, "-m", "custrata", "up", "-w", str(folder), *options])


def _has_server() -> bool:
    return find_spec("django") is not None and find_spec("granian") is not None


def _need_server() -> None:
    if not _has_server():
        raise ServerMissing


def prepare(folder: Path) -> Server:
    """Select the workspace of this process, set up Django, and return the workspace's server.

    Raises `ServerMissing`, and what opening the workspace raises.
    """
    session = Session(folder)
    click.get_current_context().find_root().obj = session
    _need_server()
    # Restrict the top folders of workspaces of earlier versions; `doctor` does so for all files.
    for part in (session.workspace.folder, session.workspace.folder / "server"):
        if part.exists():
            restrict_folder(part)
    set_up_django(session.workspace.folder)
    from custrata.config.server import Server

    server = Server(session.workspace)
    server.remove_abandoned()
    return server
