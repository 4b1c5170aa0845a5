"""The commands doctor and repair."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from custrata.cli.help import LocalizedCommand
from custrata.cli.session import Session, say, workspace_option
from custrata.lake.findings import Finding
from custrata.pipeline.doctor import examine, repair
from custrata.wording import LazyPhrase, phrase

SIGNS = {"whole": "✓", "notice": "•", "mended": "+", "damaged": "✗"}


@click.command("doctor", cls=LocalizedCommand)
@click.option("--deep", is_flag=True, help="Compute the checksum of every file.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def doctor_command(session: Session, *, deep: bool, as_json: bool) -> None:
    """Examine everything in the workspace; exit code 1 if something is damaged.

    Permissions that let other users of the machine read files are removed.
    """
    _report(session, examine(session.folder, deep=deep), as_json=as_json, nothing="all_whole")


@click.command("repair", cls=LocalizedCommand)
@click.option("--backup", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Restore damaged files from this backup.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def repair_command(session: Session, *, backup: Path | None, as_json: bool) -> None:
    """Repair what can be repaired from intact files; exit code 1 if damage remains.

    Damaged runs are moved aside, not deleted.
    """
    _report(session, repair(session.folder, backup=backup), as_json=as_json, nothing="nothing_to_mend")


def _report(session: Session, findings: Sequence[Finding], *, as_json: bool, nothing: str) -> None:
    damaged = any(finding.state == "damaged" for finding in findings)
    if as_json:
        say(json.dumps([_as_json(session, finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            say(_line(session, finding))
        if not damaged:
            say(phrase("doctor", nothing, session.language))
    if damaged:
        sys.exit(1)


def _line(session: Session, finding: Finding) -> str:
    place = phrase("doctor", "everything", session.language) if finding.path == "." else finding.path
    line = f"{SIGNS[finding.state]} {place}: {_text(session, finding.what)}"
    return line if finding.way is None else f"{line} → {_text(session, finding.way)}"


def _as_json(session: Session, finding: Finding) -> dict[str, object]:
    way = None if finding.way is None else _text(session, finding.way)
    return {
        "part": finding.part,
        "path": finding.path,
        "state": finding.state,
        "what": _text(session, finding.what),
        "way": way,
    }


def _text(session: Session, text: LazyPhrase) -> str:
    return text.in_language(session.language)
