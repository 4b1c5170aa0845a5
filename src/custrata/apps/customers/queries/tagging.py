"""The tagging of very many customers as a job."""

from __future__ import annotations

from custrata.apps.accounts.models import User
from custrata.apps.jobs.models import Job
from custrata.apps.jobs.queries import job

KIND = "customers.tag"
MANY = 20_000  # so many are tagged while one waits


def tagging_of(person: User, number: int) -> Job | None:
    """The job of that number, where it is a tagging that the person asked for."""
    tagging = job(number)
    return tagging if tagging is not None and tagging.kind == KIND and tagging.actor_id == person.pk else None
