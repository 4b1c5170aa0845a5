"""Enqueueing jobs: at most one open job per key."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import IntegrityError, connection, transaction
from tests.server.conftest import Person
from tests.server.jobs.process_tree import AT

from custrata.apps.jobs.actions import UnknownJobKind, cancel, enqueue
from custrata.apps.jobs.actions.queue import finish, take_job
from custrata.apps.jobs.models import Job, Status
from custrata.web.rights import Role

pytestmark = pytest.mark.database

T = TypeVar("T")


def nap(key: str | None = None) -> Job:
    return enqueue(kind="trial_nap", arguments={"seconds": 1}, actor=None, at=AT, key=key)


def test_a_job_waits_with_who_asked_for_it(person: Person) -> None:
    anna = person(Role.OPERATOR)
    job = enqueue(kind="trial_nap", arguments={"seconds": 1}, actor=anna, at=AT)
    assert (job.status, job.run_after, job.actor_id, job.actor_name) == (Status.WAITING, AT, anna.pk, "operator")


def test_refuses_a_kind_there_is_not(db: None) -> None:
    with pytest.raises(UnknownJobKind):
        enqueue(kind="no_such", arguments={}, actor=None, at=AT)
    assert not Job.objects.exists()


def test_jobs_without_a_key_are_each_their_own(db: None) -> None:
    assert nap().pk != nap().pk


def test_enqueueing_an_open_key_returns_the_open_job(db: None) -> None:
    first = nap("refresh")
    assert nap("refresh").pk == first.pk
    take_job("worker", at=AT)
    assert nap("refresh").pk == first.pk


def test_enqueueing_an_ended_key_creates_another_job(db: None) -> None:
    first = nap("refresh")
    cancel(first, actor=None, at=AT)
    assert nap("refresh").pk != first.pk


def test_the_database_refuses_two_open_jobs_of_a_key(db: None) -> None:
    nap("refresh")
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind="trial_nap", key="refresh", asked_at=AT, run_after=AT)


def test_the_database_refuses_a_job_that_runs_without_a_claim(db: None) -> None:
    job = nap()
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(status=Status.RUNNING, started_at=AT, heartbeat_at=AT)


@pytest.mark.django_db(transaction=True)
def test_concurrent_enqueueing_of_a_key_creates_one_job() -> None:
    with ThreadPoolExecutor(4) as threads:
        job_ids = list(threads.map(lambda _: _then_close_connection(lambda: nap("refresh").pk), range(12)))
    assert len(set(job_ids)) == 1
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_concurrent_workers_claim_each_job_once() -> None:
    for _ in range(24):
        nap()

    def take(worker: int) -> list[int]:
        jobs = []
        while (job := take_job(f"worker {worker}", at=AT)) is not None:
            jobs.append(job.pk)
            assert finish(job, {}, at=AT)
        return jobs

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(lambda worker: _then_close_connection(lambda: take(worker)), range(4)))
    assert sorted(pk for jobs in taken for pk in jobs) == sorted(Job.objects.values_list("pk", flat=True))
    assert set(Job.objects.values_list("status", "attempts")) == {(Status.DONE, 1)}


def _then_close_connection(do: Callable[[], T]) -> T:
    """Run in a thread, which has a database connection of its own, and close that."""
    try:
        return do()
    finally:
        connection.close()
