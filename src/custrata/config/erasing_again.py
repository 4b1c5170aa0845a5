"""After the restore of an older backup: whoever was erased since is erased again before anybody can see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
from django.conf import settings

from custrata.apps.customers.actions import ServerDatabase
from custrata.cli.language import spoken
from custrata.config.backup import HEAD
from custrata.config.erasing import LISTS
from custrata.config.restoring import Restored
from custrata.errors import Refused
from custrata.ingest.erasure import begin_erasure, reappeared_customers, require_finished, resume_erasures
from custrata.lake import Workspace
from custrata.lake.erasures import KEY, Erasures
from custrata.wording.writer import Writer


class UnreadableList(Refused):
    template = "The list of erasures {file} cannot be read: {reason}. Nothing was restored."


def erase_again(restored: Restored) -> str:
    """Erase from a restored workspace whom its erasures and those of newer copies refuse; a line that says so.

    The newer copies are those that were named, the workspace that the backup was made of, where it is still there, and
    those beside it: a copy is known by the key of its erasures.

    Raises `UnreadableList`, `NotAnErasureList`, `OtherErasureKey`, `ErasureGoesOn`, `Busy`, `Damaged`.
    """
    workspace, database = restored.workspace, ServerDatabase(settings.STATE)
    named = _named()
    copies = list(_copies(workspace))
    for path in (*named, *copies):
        workspace.erasures.import_list(_list_at(path), file=path)
    gone = list(dict.fromkeys(reappeared_customers(workspace, database)))
    if gone:
        begin_erasure(workspace, gone, at=restored.at, database=database)
    for done in resume_erasures(workspace, at=restored.at, database=database):
        require_finished(done)
    write = Writer(spoken(), workspace.settings.currency, workspace.settings.timezone, "server")
    if gone:
        return write("erased_again", count=write.number(len(gone)))
    return write("nobody_erased_since" if named or copies else "erasures_unknown")


def _named() -> tuple[Path, ...]:
    context = click.get_current_context(silent=True)
    return context.meta.get(LISTS, ()) if context is not None else ()


def _copies(workspace: Workspace) -> Iterator[Path]:
    """Folders of the same workspace: where the backup says it was, and beside that."""
    with suppress(OSError, ValueError, TypeError):
        told = json.loads((workspace.folder.parent / HEAD).read_text("utf-8")).get("folder")
        if told:
            own = (workspace.folder / KEY).read_bytes()
            for key in sorted(Path(told).parent.glob(f"*/{KEY}")):
                if key.is_file() and key.read_bytes() == own:
                    yield key.parent


def _list_at(path: Path) -> str:
    """The list in a file, or of the workspace in a folder. Raises `UnreadableList`, `Damaged`."""
    try:
        return Erasures(path).export() if path.is_dir() else path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableList(file=path, reason=error) from error
