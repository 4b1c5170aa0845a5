"""Storage: Delta tables that change atomically together, runs published by one pointer, and the workspace."""

from __future__ import annotations

from custrata.lake.change import LakeChange
from custrata.lake.durable import Damaged
from custrata.lake.lake import Lake
from custrata.lake.locks import Busy, NotWritable
from custrata.lake.manifest import ImportRecord
from custrata.lake.run import NoSuchRunTable, Run, Withdrawn
from custrata.lake.runs import Runs, Stage
from custrata.lake.snapshot import LakeSnapshot
from custrata.lake.upsert import Merged
from custrata.lake.workspace import (
    AlreadyAWorkspace,
    BadSettings,
    CannotMakeWorkspace,
    MissingSetting,
    NotAWorkspace,
    Settings,
    UnknownCurrency,
    UnusableFolderName,
    Workspace,
)

__all__ = [
    "AlreadyAWorkspace",
    "BadSettings",
    "Busy",
    "CannotMakeWorkspace",
    "Damaged",
    "ImportRecord",
    "Lake",
    "LakeChange",
    "LakeSnapshot",
    "Merged",
    "MissingSetting",
    "NoSuchRunTable",
    "NotAWorkspace",
    "NotWritable",
    "Run",
    "Runs",
    "Settings",
    "Stage",
    "UnknownCurrency",
    "UnusableFolderName",
    "Withdrawn",
    "Workspace",
]
