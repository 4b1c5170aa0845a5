"""Actions on playbooks and tasks."""

from custrata.apps.playbooks.actions.doing import (
    DropNeedsReason,
    NoSuchTask,
    TaskEndedAlready,
    TaskOpenAlready,
    finish_task,
    hand_over_task,
    record_export,
    reopen_task,
)
from custrata.apps.playbooks.actions.editing import NotEdited, edit_playbook, restore_playbook
from custrata.apps.playbooks.actions.making import (
    MOST_TASKS,
    DueBefore,
    NobodyInTier,
    NoSuchAction,
    NoSuchAssignee,
    TaskNeedsTitle,
    TaskThereAlready,
    TierHasChanged,
    TierTooLarge,
    default_due_date,
    make_task,
    make_tasks_for_tier,
)

__all__ = [
    "MOST_TASKS",
    "DropNeedsReason",
    "DueBefore",
    "NoSuchAction",
    "NoSuchAssignee",
    "NoSuchTask",
    "NobodyInTier",
    "NotEdited",
    "TaskEndedAlready",
    "TaskNeedsTitle",
    "TaskOpenAlready",
    "TaskThereAlready",
    "TierHasChanged",
    "TierTooLarge",
    "default_due_date",
    "edit_playbook",
    "finish_task",
    "hand_over_task",
    "make_task",
    "make_tasks_for_tier",
    "record_export",
    "reopen_task",
    "restore_playbook",
]
