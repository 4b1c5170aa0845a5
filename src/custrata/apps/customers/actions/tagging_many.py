"""Tag a very large number of customers in a job."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions.tagging import NoSuchTag
from custrata.apps.customers.models import Tag
from custrata.apps.customers.queries.tagging import KIND
from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.models import Job
from custrata.errors import Refused


class ListMovedOn(Refused):
    template = "The list has changed: it had {asked} customers and now has {found}. Review it and try again."


@dataclass(frozen=True)
class TaggingRequest:
    """Whom to tag: the query string of a list, its run, and the number of customers that was shown."""

    question: str
    run: str | None
    customers: int


def start_tagging(*, many: TaggingRequest, tag_id: int, off: bool, actor: User, at: datetime) -> Job:
    """Enqueue tagging, or with `off` untagging, of a very large number of customers.

    The job records it in the audit log. Raises `NoSuchTag`.
    """
    if not Tag.objects.filter(pk=tag_id).exists():
        raise NoSuchTag
    arguments = {"question": many.question, "run": many.run, "seen": many.customers, "tag": tag_id, "off": off}
    return enqueue(kind=KIND, arguments=arguments, actor=actor, at=at)
