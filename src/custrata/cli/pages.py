"""The report: one self-contained page."""

from __future__ import annotations

from pathlib import Path

import click

from custrata.cli.grades import published
from custrata.cli.help import LocalizedCommand
from custrata.cli.session import Session, say, workspace_option
from custrata.cli.tables import CannotWrite
from custrata.engine.storage import reason_of
from custrata.pipeline.reading.collect import collect
from custrata.report import page


def write_report(session: Session, output: Path) -> Path:
    """Write the page of the published run. Raises `NothingPublished`, `CannotWrite`."""
    language = session.language_of_pages
    text = page(collect(session.workspace, published(session), language), language)
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise CannotWrite(path=output, reason=reason_of(error)) from error
    return output


@click.command("report", cls=LocalizedCommand)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=None, metavar="FILE.html",
              help="The file to write (default: report.html in the workspace).")  # fmt: skip
@workspace_option
def report_command(session: Session, output: Path | None) -> None:
    """Write a self-contained page: rings, flow, tier tables, RFM map, curves, data quality.

    In the language of the workspace, unless --language names another.
    """
    written = write_report(session, output or session.workspace.folder / "report.html")
    say(session.writer("cli")("report_written", path=written))
