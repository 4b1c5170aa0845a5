"""Change the settings of the workspace."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import tomlkit
from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.engine import memory_in_bytes
from custrata.errors import BadInput
from custrata.lake import Workspace
from custrata.lake.durable import replace_file
from custrata.lake.locks import locked
from custrata.lake.retention import compacting_share, days_kept
from custrata.lake.workspace import FILE, Settings
from custrata.web.versions import Parts, ensure_unchanged
from custrata.wording import language_named

RETENTION_KEYS = ("keep_runs", "keep_quarantine", "compact_at")
CHANGEABLE = ("name", "language", "memory", *RETENTION_KEYS)
WAIT = 5.0


class WorkspaceNameMissing(BadInput):
    template = "The workspace must have a name."


def change_workspace(
    workspace: Workspace,
    *,
    name: str,
    language: str,
    memory: str,
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
    **retention: str,
) -> Settings:
    """Change name, language, memory limit and retention (`RETENTION_KEYS`); the file keeps its comments.

    `opened` is the state the person saw.

    Raises `ChangedMeanwhile`, `WorkspaceNameMissing`, `UnknownLanguage`, `BadMemoryLimit`, `NotARetention`,
    `NotACompactingShare`, `Busy`, `NotWritable`, and what opening a workspace raises.
    """
    memory_in_bytes(memory)
    retention = {key: retention[key].strip().lower() for key in RETENTION_KEYS if retention.get(key, "").strip()}
    for key, value in retention.items():
        (compacting_share if key == "compact_at" else days_kept)(value)
    if not name.strip():
        raise WorkspaceNameMissing
    with locked(workspace.folder / f".{FILE}.lock", wait=WAIT), transaction.atomic():
        current = Workspace.open(workspace.folder).settings
        changed: dict[str, Any] = {"name": name.strip(), "language": language_named(language), "memory": memory.strip()}
        updated = replace(current, **(changed | retention))
        if updated != current:
            ensure_unchanged(opened, {key: getattr(current, key) for key in CHANGEABLE})
            differing = [key for key in CHANGEABLE if getattr(current, key) != getattr(updated, key)]
            before, after = ({key: getattr(state, key) for key in differing} for state in (current, updated))
            record(Subject("workspace"), "accounts.change_workspace", before, after, actor=actor, at=at)
            _write(workspace, updated)  # last, so that nothing is written where the database refuses
    return updated


def _write(workspace: Workspace, settings: Settings) -> None:
    file = workspace.folder / FILE
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    for key in CHANGEABLE:
        document[key] = getattr(settings, key)
    replace_file(file, tomlkit.dumps(document))
