"""The job that tags a large number of customers."""

from __future__ import annotations

from custrata.apps.accounts.models import User
from custrata.apps.jobs.models import Job
from custrata.apps.jobs.queries import job

KIND = "customers.tag"
MANY = 20_000  # up to so many customers are tagged within the request


def tagging_of(person: User, number: int) -> Job | None:
    """The job with that id, if it is a tagging requested by the person."""
    tagging = job(number)
    return tagging if tagging is not None and tagging.kind == KIND and tagging.actor_id == person.pk else None
