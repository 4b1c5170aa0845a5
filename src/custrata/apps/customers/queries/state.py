"""Which state of lake and runs something shows."""

from __future__ import annotations

from hashlib import sha256

from custrata.lake import Workspace
from custrata.lake.manifest import Manifest


def state_of(workspace: Workspace) -> tuple[str, str]:
    """Texts that change whenever the lake's rows, or the published runs, do; cheap enough to ask every few seconds."""
    runs = ",".join(workspace.runs.history_ids())
    return Manifest.read(workspace.lake.folder).fingerprint, sha256(runs.encode()).hexdigest()
