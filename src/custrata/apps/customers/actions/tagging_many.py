"""Ask for the tagging of very many customers, which a job does."""

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
    template = "The list has changed: it had {asked} customers and now has {found}. Look at it and tag again."


@dataclass(frozen=True)
class TaggingRequest:
    """Whom to tag: the question of a list as its address says it, the run it was asked of, how many were seen."""

    question: str
    run: str | None
    customers: int


def start_tagging(*, many: TaggingRequest, tag_id: int, off: bool, actor: User, at: datetime) -> Job:
    """Put the tagging of very many customers, or where `off` taking the tag off them, in the queue.

    The audit has it as it is done. Raises `NoSuchTag`.
    """
    if not Tag.objects.filter(pk=tag_id).exists():
        raise NoSuchTag
    arguments = {"question": many.question, "run": many.run, "seen": many.customers, "tag": tag_id, "off": off}
    return enqueue(kind=KIND, arguments=arguments, actor=actor, at=at)
