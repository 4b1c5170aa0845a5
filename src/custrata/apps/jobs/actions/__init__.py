"""Enqueue, cancel and retry jobs; register job kinds, periodic checks and schedules."""

from custrata.apps.jobs.actions.leases import release_lease, take_lease
from custrata.apps.jobs.actions.queue import (
    JobIsDone,
    JobIsOpen,
    JobIsOver,
    SameIsOpen,
    UnknownJobKind,
    cancel,
    delete_old_jobs,
    enqueue,
    retry,
)
from custrata.apps.jobs.actions.registry import CHECKS, KINDS, Check, JobKind, every, handler, title_phrase
from custrata.apps.jobs.actions.running import Cancelled, ClaimLost, HandedBack, Running
from custrata.apps.jobs.actions.schedules import enqueue_due, set_schedule

__all__ = [
    "CHECKS",
    "KINDS",
    "Cancelled",
    "Check",
    "ClaimLost",
    "HandedBack",
    "JobIsDone",
    "JobIsOpen",
    "JobIsOver",
    "JobKind",
    "Running",
    "SameIsOpen",
    "UnknownJobKind",
    "cancel",
    "delete_old_jobs",
    "enqueue",
    "enqueue_due",
    "every",
    "handler",
    "release_lease",
    "retry",
    "set_schedule",
    "take_lease",
    "title_phrase",
]
