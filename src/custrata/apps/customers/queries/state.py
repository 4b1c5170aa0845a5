"""Fingerprints of the state of lake and runs."""

from __future__ import annotations

from hashlib import sha256

from custrata.lake import Workspace
from custrata.lake.manifest import Manifest


def state_of(workspace: Workspace) -> tuple[str, str]:
    """Fingerprints of the lake's rows and of the published runs; cheap enough to compute every few seconds."""
    runs = ",".join(workspace.runs.history_ids())
    return Manifest.read(workspace.lake.folder).fingerprint, sha256(runs.encode()).hexdigest()
