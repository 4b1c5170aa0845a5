"""Start the erasure of a customer, which a job carries out, and lift erasures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import ERASED, record
from custrata.apps.audit.models import Subject
from custrata.apps.customers.actions.deletion import ServerDatabase
from custrata.apps.customers.actions.lookups import NoSuchCustomer
from custrata.apps.customers.queries.erasures import KIND
from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.models import Job
from custrata.ingest.erasure import SERVER, people_of, rows_of
from custrata.lake import Workspace
from custrata.lake.erasures import Erasure


@dataclass(frozen=True)
class StartedErasure:
    """A started erasure: its name in the list, the number of rows by place, and its job."""

    erasure: str
    removed: dict[str, int]
    job: Job


def server_database() -> ServerDatabase:
    """The database of this server, with the folder of its copies."""
    return ServerDatabase(Path(settings.WORKSPACE) / SERVER)


def start_erasure(workspace: Workspace, *, customer_id: str, actor: User, at: datetime) -> StartedErasure:
    """Record the erasure of a customer, reject their rows from now on, and enqueue the job.

    The intent is written to disk first, so the erasure completes even if the server stops. Audit log and job do not
    identify the customer.

    Raises `NoSuchCustomer` if there is no data about them, `Busy`, `NotWritable`, `Damaged`.
    """
    database = server_database()
    people = people_of(workspace, [customer_id], database)
    rows = rows_of(workspace, people, database)
    if not rows:
        raise NoSuchCustomer(customer=customer_id)
    (person,) = people
    workspace.erasing.add(people, at=at, by=actor.username, removed=rows)
    erasure = workspace.erasures.add(
        person.customer_id, emails=person.emails, phones=person.phones, at=at, by=actor.username
    )
    with transaction.atomic():
        after = {"erasure": erasure.name}
        record(Subject("customer", ERASED), "customers.erase", after=after, actor=actor, at=at)
        job = enqueue(kind=KIND, arguments={}, actor=actor, at=at, key=KIND)
    return StartedErasure(erasure.name, rows, job)


def lift_erasure(workspace: Workspace, *, erasure: str, reason: str, actor: User, at: datetime) -> Erasure:
    """Accept rows of an erased customer again, given by id or by name in the list; recorded in the audit log.

    Raises `NoReasonToLift`, `NotErased`, `Busy`, `NotWritable`, `Damaged`.
    """
    lifted = workspace.erasures.lift(erasure, reason=reason, by=actor.username, at=at)
    after = {"reason": lifted.reason}
    record(Subject("erasure", lifted.name), "customers.lift_erasure", after=after, actor=actor, at=at)
    return lifted
