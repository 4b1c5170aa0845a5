"""The tagging of very many customers as a job."""

from __future__ import annotations

from custrata.apps.accounts.models import User
from custrata.apps.jobs.models import Job
from custrata.apps.jobs.queries import job

KIND = "customers.tag"
MANY = 20_000  # so many are tagged while one waits


def tagging_of(person: User, number: int) -> Job | None:
    """The job of that number, where it is a tagging that the person asked for."""
    found = job(number)
    return found if found is not None and found.kind == KIND and found.actor_id == person.pk else None
