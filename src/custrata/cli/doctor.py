"""A workspace examined and mended."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from custrata.cli.help import Command
from custrata.cli.session import Session, say, workspace_option
from custrata.lake.findings import Finding
from custrata.pipeline.doctor import examine, repair
from custrata.wording import LazyPhrase, phrase

SIGNS = {"whole": "✓", "notice": "•", "mended": "+", "damaged": "✗"}


@click.command("doctor", cls=Command)
@click.option("--deep", is_flag=True, help="Compute the check sum of every file.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def doctor_command(session: Session, *, deep: bool, as_json: bool) -> None:
    """Examine everything in the workspace; exit code 1 where something is damaged.

    Files that other users of the machine may read are closed.
    """
    _report(session, examine(session.folder, deep=deep), as_json=as_json, nothing="all_whole")


@click.command("repair", cls=Command)
@click.option("--backup", type=click.Path(path_type=Path), default=None, metavar="FILE",
              help="Take damaged files from this backup.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@workspace_option
def repair_command(session: Session, *, backup: Path | None, as_json: bool) -> None:
    """Mend what can be mended from what is whole; exit code 1 where something stays damaged.

    Damaged runs are moved aside, not deleted.
    """
    _report(session, repair(session.folder, backup=backup), as_json=as_json, nothing="nothing_to_mend")


def _report(session: Session, findings: Sequence[Finding], *, as_json: bool, nothing: str) -> None:
    damaged = any(one.state == "damaged" for one in findings)
    if as_json:
        say(json.dumps([_as_json(session, one) for one in findings], ensure_ascii=False, indent=1))
    else:
        for one in findings:
            say(_line(session, one))
        if not damaged:
            say(phrase("doctor", nothing, session.language))
    if damaged:
        sys.exit(1)


def _line(session: Session, one: Finding) -> str:
    place = phrase("doctor", "everything", session.language) if one.path == "." else one.path
    line = f"{SIGNS[one.state]} {place}: {_said(session, one.what)}"
    return line if one.way is None else f"{line} → {_said(session, one.way)}"


def _as_json(session: Session, one: Finding) -> dict[str, object]:
    way = None if one.way is None else _said(session, one.way)
    return {"part": one.part, "path": one.path, "state": one.state, "what": _said(session, one.what), "way": way}


def _said(session: Session, text: LazyPhrase) -> str:
    return text.in_language(session.language)
