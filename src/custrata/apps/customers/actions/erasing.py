"""Erase a customer from everything, and take rows of an erased one again: asked for here, carried out by a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import ERASED, record_change
from custrata.apps.customers.actions.forgetting import ServerDatabase
from custrata.apps.customers.actions.known import NoSuchCustomer
from custrata.apps.customers.queries.erasures import KIND
from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.models import Job
from custrata.ingest.erasure import SERVER, people_of, rows_of
from custrata.lake import Workspace
from custrata.lake.erasures import Erasure


@dataclass(frozen=True)
class Started:
    """An erasure that is noted: what stands for it in the list, what there was by place, and the job that does it."""

    erasure: str
    removed: dict[str, int]
    job: Job


def server_database() -> ServerDatabase:
    """The database of this server, with the folder that its copies lie in."""
    return ServerDatabase(Path(settings.WORKSPACE) / SERVER)


def start_erasure(workspace: Workspace, *, customer_id: str, actor: User, at: datetime) -> Started:
    """Note that a customer is to be erased, refuse their rows from now on, and put the work in the queue.

    Whatever ends this server meanwhile, the work is done: it is noted on the disk first. Audit and job do not say whom.

    Raises `NoSuchCustomer` where nothing speaks of them, `Busy`, `NotWritable`, `Damaged`.
    """
    database = server_database()
    people = people_of(workspace, [customer_id], database)
    rows = rows_of(workspace, people, database)
    if not rows:
        raise NoSuchCustomer(customer=customer_id)
    (person,) = people
    workspace.erasing.add(people, at=at, by=actor.username, removed=rows)
    told = workspace.erasures.add(
        person.customer_id, emails=person.emails, phones=person.phones, at=at, by=actor.username
    )
    with transaction.atomic():
        record_change(
            actor=actor,
            at=at,
            action="customers.erase",
            subject="customer",
            subject_id=ERASED,
            after={"erasure": told.name},
        )
        job = enqueue(kind=KIND, arguments={}, actor=actor, at=at, key=KIND)
    return Started(told.name, rows, job)


def lift_erasure(workspace: Workspace, *, erasure: str, reason: str, actor: User, at: datetime) -> Erasure:
    """Take rows of an erased customer again, named by the number or as the list does; the audit says who and why.

    Raises `NoReasonToLift`, `NotErased`, `Busy`, `NotWritable`, `Damaged`.
    """
    lifted = workspace.erasures.lift(erasure, reason=reason, by=actor.username, at=at)
    record_change(
        actor=actor,
        at=at,
        action="customers.lift_erasure",
        subject="erasure",
        subject_id=lifted.name,
        after={"reason": lifted.reason},
    )
    return lifted
