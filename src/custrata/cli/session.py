"""The session of a command: workspace, language, current time, and progress on the terminal."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, wraps
from getpass import getuser
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from custrata.cli.help import language_option
from custrata.cli.hooks import DATABASES, LOGS, imported
from custrata.cli.language import current_language, requested_language
from custrata.errors import Refused
from custrata.ingest.erasure import Database, Erased, resume_erasures
from custrata.lake import Damaged, Workspace
from custrata.pipeline.publishing import NoLog, Publisher
from custrata.wording import LazyPhrase, error_sentence, phrase
from custrata.wording.writer import Writer

WORKSPACE = "CUSTRATA_WORKSPACE"

Report = Callable[[str, float], None]


def now() -> datetime:
    """The current time, read once per command."""
    return datetime.now(UTC)


def system_user() -> str:
    """The name of the operating-system user, or its number where it has no name."""
    try:
        return getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def database_of(workspace: Workspace) -> Database | None:
    """The database of a workspace's server; None where there is none or it cannot be used."""
    return next((database for opened in imported(DATABASES) if (database := opened(workspace)) is not None), None)


@dataclass
class Session:
    """The workspace and language of one command. The workspace is opened on first use."""

    folder: Path
    requested_language: str | None = None
    warned: bool = False
    resumed_erasures: list[Erased] = field(default_factory=list)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace, after removing leftovers of killed processes. Raises `NotAWorkspace`, `BadSettings`."""
        workspace = Workspace.open(self.folder)
        workspace.remove_leftovers()
        self.resumed_erasures = self._resume_erasures(workspace)
        return workspace

    def _resume_erasures(self, workspace: Workspace) -> list[Erased]:
        """Resume interrupted erasures; a refusal is printed and does not stop the command."""
        if not workspace.erasing.all():
            return []
        click.echo(phrase("cli", "erasure_goes_on", self.language), err=True)
        try:
            return resume_erasures(workspace, at=now(), database=database_of(workspace))
        except Refused as error:
            click.echo(error_sentence(error, self.language), err=True)
            return []

    @property
    def database(self) -> Database | None:
        """The server's database; None where there is none or it cannot be used."""
        return database_of(self.workspace)

    def publisher(self, by: str | None = None) -> Publisher:
        """The publisher of the workspace's schemes, with the server's audit as its log, if there is one."""
        user, at = system_user(), now()
        logs = (log for opened in imported(LOGS) if (log := opened(self.workspace, user, at)) is not None)
        return Publisher(self.workspace, next(logs, NoLog()), by=by or user, at=at)

    @property
    def language(self) -> str:
        """The language of messages: of the option, else of the environment."""
        return self.requested_language or current_language()

    @property
    def language_of_pages(self) -> str:
        """The language of output for others: requested explicitly, else the workspace's."""
        return self.requested_language or requested_language() or self.workspace.settings.language

    def writer(self, area: str) -> Writer:
        """Writes phrases of an area for this reader."""
        settings = self.workspace.settings
        return Writer(self.language, settings.currency, settings.timezone, area)

    @contextmanager
    def progress(self, area: str) -> Iterator[Report]:
        """A progress bar on stderr, if that is a terminal."""
        write = self.writer(area)
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            task = bar.add_task("", total=1.0)

            def report(step: str, share: float) -> None:
                bar.update(task, description=write(f"steps.{step}"), completed=share)

            yield report


folder_option = click.option(
    "-w",
    "--workspace",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    envvar=WORKSPACE,
    default=Path(),
    help="The workspace folder (default: this folder, or $CUSTRATA_WORKSPACE).",
)


def workspace_option(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `-w DIR` and `--language`, and hand it a `Session` as its first argument."""

    @folder_option
    @language_option
    @wraps(command)
    def with_session(folder: Path, language: str | None, **options: object) -> None:
        context = click.get_current_context()
        above = context.find_root().obj
        if isinstance(above, Session):  # of the group that the command stands in
            explicit = context.get_parameter_source("folder") is ParameterSource.COMMANDLINE
            folder, language = folder if explicit else above.folder, language or above.requested_language
        session = Session(folder, language)
        context.find_root().obj = session
        command(session, **options)
        _tell_damaged_runs(session)

    return with_session


def _tell_damaged_runs(session: Session) -> None:
    """Say which runs a command that has used the workspace left out; once, whatever group it stands in."""
    if session.warned or "workspace" not in vars(session):
        return
    session.warned = True
    with suppress(Damaged, OSError):  # the command itself has said so, or did not need them
        for error in session.workspace.runs.damaged():
            reason = error.facts["reason"]
            reason_text = reason.in_language(session.language) if isinstance(reason, LazyPhrase) else reason
            message = phrase("doctor", "damaged_run", session.language, file=error.facts["file"], reason=reason_text)
            click.echo(message, err=True)


def command_here() -> str:
    """How this command is called here: by its name where that is on the path, else by where it lies."""
    if shutil.which("custrata") is not None or Path(sys.argv[0]).name != "custrata":
        return "custrata"
    return sys.argv[0]


def say(text: str) -> None:
    """A line on standard output."""
    click.echo(text)
