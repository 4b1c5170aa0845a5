"""The settings of the workspace that can change after it was made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import tomlkit
from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.engine import memory_in_bytes
from custrata.errors import BadInput
from custrata.lake import Workspace
from custrata.lake.durable import replace_file
from custrata.lake.locks import locked
from custrata.lake.retention import compacting_share, days_kept
from custrata.lake.workspace import FILE, Settings
from custrata.web.versions import Parts, ensure_unchanged
from custrata.wording import language_named

KEPT = ("keep_runs", "keep_quarantine", "compact_at")
CHANGEABLE = ("name", "language", "memory", *KEPT)
WAIT = 5.0


class WorkspaceNameMissing(BadInput):
    template = "The workspace needs a name. Give it one."


def change_workspace(
    workspace: Workspace,
    *,
    name: str,
    language: str,
    memory: str,
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
    **kept: str,
) -> Settings:
    """Give the workspace another name, language or memory limit, and others of `KEPT`; the file keeps its comments.

    `opened` is what the person saw of them.

    Raises `ChangedMeanwhile`, `WorkspaceNameMissing`, `UnknownLanguage`, `BadMemoryLimit`, `NotARetention`,
    `NotACompactingShare`, `Busy`, `NotWritable`, and what opening a workspace raises.
    """
    memory_in_bytes(memory)
    kept = {key: kept[key].strip().lower() for key in KEPT if kept.get(key, "").strip()}
    for key, value in kept.items():
        (compacting_share if key == "compact_at" else days_kept)(value)
    if not name.strip():
        raise WorkspaceNameMissing
    with locked(workspace.folder / f".{FILE}.lock", wait=WAIT), transaction.atomic():
        held = Workspace.open(workspace.folder).settings
        changed: dict[str, Any] = {"name": name.strip(), "language": language_named(language), "memory": memory.strip()}
        wanted = replace(held, **(changed | kept))
        if wanted != held:
            ensure_unchanged(opened, {key: getattr(held, key) for key in CHANGEABLE})
            _record(held, wanted, actor=actor, at=at)
            _write(workspace, wanted)  # last, so that nothing is written where the database refuses
    return wanted


def _write(workspace: Workspace, wanted: Settings) -> None:
    file = workspace.folder / FILE
    found = tomlkit.parse(file.read_text(encoding="utf-8"))
    for key in CHANGEABLE:
        found[key] = getattr(wanted, key)
    replace_file(file, tomlkit.dumps(found))


def _record(held: Settings, wanted: Settings, *, actor: User | None, at: datetime) -> None:
    changed = [key for key in CHANGEABLE if getattr(held, key) != getattr(wanted, key)]
    record_change(
        actor=actor,
        at=at,
        action="accounts.change_workspace",
        subject="workspace",
        subject_id="",
        before={key: getattr(held, key) for key in changed},
        after={key: getattr(wanted, key) for key in changed},
    )
