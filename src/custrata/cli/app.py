"""The command group and its error handling: one line on stderr, exit code 1 (refused) or 2 (bad input)."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click

from custrata.cli.data import import_command, init_command, quarantine_command
from custrata.cli.demo import demo_command
from custrata.cli.doctor import doctor_command, repair_command
from custrata.cli.erasing import erase_command, erasures_group
from custrata.cli.exclusions import exclude_command, excluded_command, include_command
from custrata.cli.grades import explain_command, profile_command, refresh_command, tiers_command
from custrata.cli.help import Group, language_option
from custrata.cli.history import history_group
from custrata.cli.language import current_language, set_environment_language
from custrata.cli.pages import report_command
from custrata.cli.runs import runs_group
from custrata.cli.schemes import schemes_group
from custrata.cli.upkeep import compact_command
from custrata.engine.guard import engine_error
from custrata.engine.storage import PANIC
from custrata.errors import CustrataError, Refused
from custrata.lake.private import set_private_umask
from custrata.wording import error_sentence, phrase

DEBUG = "CUSTRATA_DEBUG"


class Unforeseen(Refused):
    template = (
        "An unexpected error occurred ({kind}, {place}). `custrata doctor` checks for damage. With CUSTRATA_DEBUG=1 "
        "the command shows all details, for a report to the maintainers."
    )


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="custrata")
@language_option
def cli(language: str | None) -> None:
    """Custrata grades customers: import orders, refresh, and read tiers, reasons and reports."""


for command in (
    init_command,
    import_command,
    quarantine_command,
    refresh_command,
    schemes_group,
    tiers_command,
    profile_command,
    explain_command,
    exclude_command,
    include_command,
    excluded_command,
    history_group,
    runs_group,
    compact_command,
    report_command,
    erase_command,
    erasures_group,
    doctor_command,
    repair_command,
    demo_command,
):
    cli.add_command(command)


def _unforeseen(error: BaseException) -> Unforeseen:
    call = traceback.extract_tb(error.__traceback__)[-1]
    return Unforeseen(kind=type(error).__name__, place=f"{Path(call.filename).name}:{call.lineno}")


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    set_private_umask()
    try:
        set_environment_language(os.environ)
        with cli.make_context("custrata", sys.argv[1:]) as context:
            cli.invoke(context)
    except CustrataError as error:
        click.echo(error_sentence(error, current_language()), err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo(phrase("cli", "stopped", current_language()), err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        named = engine_error(error) or _unforeseen(error)
        if os.environ.get(DEBUG) == "1":
            raise
        click.echo(error_sentence(named, current_language()), err=True)
        sys.exit(named.exit_code)
    sys.exit(0)
