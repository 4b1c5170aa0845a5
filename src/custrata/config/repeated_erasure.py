"""Repeated erasure after a restore: customers erased since the backup are erased again before it is in place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click
from django.conf import settings

from custrata.apps.customers.actions import ServerDatabase
from custrata.cli.language import current_language
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


def repeat_erasures(restored: Restored) -> str:
    """Erase the customers on the lists of erasures of a restored workspace and of newer copies; returns a message.

    The newer copies are the given ones, the workspace that was backed up, if it still exists, and copies next to it,
    recognised by the key of their erasures.

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
    write = Writer(current_language(), workspace.settings.currency, workspace.settings.timezone, "server")
    if gone:
        return write("erased_again", count=write.number(len(gone)))
    return write("nobody_erased_since" if named or copies else "erasures_unknown")


def _named() -> tuple[Path, ...]:
    context = click.get_current_context(silent=True)
    return context.meta.get(LISTS, ()) if context is not None else ()


def _copies(workspace: Workspace) -> Iterator[Path]:
    """Folders of copies of the same workspace: at the original path, and next to it."""
    with suppress(OSError, ValueError, TypeError):
        folder = json.loads((workspace.folder.parent / HEAD).read_text("utf-8")).get("folder")
        if folder:
            own = (workspace.folder / KEY).read_bytes()
            for key in sorted(Path(folder).parent.glob(f"*/{KEY}")):
                if key.is_file() and key.read_bytes() == own:
                    yield key.parent


def _list_at(path: Path) -> str:
    """The list of erasures in a file, or of the workspace in a folder. Raises `UnreadableList`, `Damaged`."""
    try:
        return Erasures(path).export() if path.is_dir() else path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UnreadableList(file=path, reason=error) from error
