"""The command group and its error handling: one line on stderr, exit code 1 (refused) or 2 (bad input)."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import NoReturn

import click

from custrata.cli.help import LazyGroup, language_option
from custrata.cli.language import current_language, set_environment_language
from custrata.errors import CustrataError, Refused
from custrata.private import set_private_umask
from custrata.wording import error_sentence, phrase

DEBUG = "CUSTRATA_DEBUG"


class Unforeseen(Refused):
    template = (
        "An unexpected error occurred ({kind}, {place}). `custrata doctor` checks for damage. With CUSTRATA_DEBUG=1 "
        "the command shows all details, for a report to the maintainers."
    )


# Imported when they are run: all of them together take two seconds to import.
COMMANDS = {
    "init": "custrata.cli.data:init_command",
    "import": "custrata.cli.data:import_command",
    "quarantine": "custrata.cli.data:quarantine_command",
    "refresh": "custrata.cli.grades:refresh_command",
    "schemes": "custrata.cli.schemes:schemes_group",
    "tiers": "custrata.cli.grades:tiers_command",
    "profile": "custrata.cli.grades:profile_command",
    "explain": "custrata.cli.grades:explain_command",
    "exclude": "custrata.cli.exclusions:exclude_command",
    "include": "custrata.cli.exclusions:include_command",
    "excluded": "custrata.cli.exclusions:excluded_command",
    "history": "custrata.cli.history:history_group",
    "runs": "custrata.cli.runs:runs_group",
    "compact": "custrata.cli.upkeep:compact_command",
    "report": "custrata.cli.pages:report_command",
    "erase": "custrata.cli.erasing:erase_command",
    "erasures": "custrata.cli.erasing:erasures_group",
    "doctor": "custrata.cli.doctor:doctor_command",
    "repair": "custrata.cli.doctor:repair_command",
    "demo": "custrata.cli.demo:demo_command",
}


@click.group(
    cls=LazyGroup, lazy=COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="custrata")
@language_option
def cli(language: str | None) -> None:
    """Custrata grades customers: import orders, refresh, and read tiers, reasons and reports."""


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
        from custrata.engine.guard import engine_error  # imports Ibis, which `custrata --version` does not need
        from custrata.engine.storage import PANIC

        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        named = engine_error(error) or _unforeseen(error)
        if os.environ.get(DEBUG) == "1":
            raise
        click.echo(error_sentence(named, current_language()), err=True)
        sys.exit(named.exit_code)
    sys.exit(0)
