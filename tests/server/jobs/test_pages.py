"""The job pages and their permissions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from tests.server.conftest import Person
from tests.server.jobs.conftest import EnqueueJob
from tests.server.jobs.process_tree import AT
from tests.server.jobs.trials.jobs import Unwilling

from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.actions.queue import fail, finish
from custrata.apps.jobs.models import Job, Schedule, Status
from custrata.apps.jobs.queries import recent, running
from custrata.apps.jobs.rights import REFRESH
from custrata.lake import Workspace
from custrata.pipeline.refresh import EarlierAsOf
from custrata.web.rights import Role, may

pytestmark = pytest.mark.usefixtures("served")
SignIn = Callable[[Role], Client]
LIST = "/jobs/"
SCHEDULE = "/jobs/schedule/refresh/"


def page(client: Client, path: str, **query: Any) -> str:
    answer = client.get(path, query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_an_empty_list_says_what_will_be_here(signed_in: SignIn) -> None:
    assert "No jobs yet" in page(signed_in(Role.ANALYST), LIST)


def test_the_list_has_who_asked_and_where_it_stands(signed_in: SignIn, person: Person) -> None:
    client = signed_in(Role.OPERATOR)
    enqueue(kind="refresh", arguments={}, actor=client_user(client), at=timezone.now())
    html = page(client, LIST)
    assert all(word in html for word in ("Refresh", "Waiting", "operator"))


def client_user(client: Client) -> Any:
    from custrata.apps.accounts.models import User  # only tests may import a higher app here

    return User.objects.get(pk=client.session["_auth_user_id"])


def test_the_list_is_narrowed_by_kind_and_status(
    signed_in: SignIn, enqueue_job: EnqueueJob, claim_job: EnqueueJob
) -> None:
    job = claim_job("trial_nap")
    finish(job, {}, at=AT)
    waiting = enqueue_job("refresh")
    client = signed_in(Role.ANALYST)
    assert link(waiting) in page(client, LIST, kind="refresh")
    assert link(job) not in page(client, LIST, kind="refresh")
    assert link(waiting) not in page(client, LIST, status="done")
    assert "No matching jobs" in page(client, LIST, status="failed")


def link(job: Job) -> str:
    return f'href="{reverse("jobs:job", args=[job.pk])}"'


def test_a_long_list_is_paged(signed_in: SignIn, enqueue_job: EnqueueJob) -> None:
    first = enqueue_job()
    Job.objects.bulk_create(Job(kind="trial_nap", asked_at=AT, run_after=AT) for _ in range(60))
    client = signed_in(Role.ANALYST)
    html = page(client, LIST)
    assert link(first) not in html
    following = html.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert link(first) in page(client, LIST + following)


def test_the_list_asks_the_database_as_often_for_many_jobs_as_for_one(
    signed_in: SignIn, enqueue_job: EnqueueJob, django_assert_num_queries: Any
) -> None:
    client = signed_in(Role.ANALYST)
    for _ in range(30):
        enqueue_job()
    with django_assert_num_queries(3):
        client.get(LIST)


def test_the_page_of_a_running_job_shows_its_progress(signed_in: SignIn, claim_job: EnqueueJob) -> None:
    job = claim_job("refresh")
    Job.objects.filter(pk=job.pk).update(fraction=0.4, phrase="cli.steps.traits")
    html = page(signed_in(Role.OPERATOR), f"/jobs/{job.pk}/")
    assert all(part in html for part in ('value="0.400"', "Computing traits", "every 1s", "Cancel", "attempt 1"))


def test_the_page_of_a_failed_job_says_why_in_the_readers_language(signed_in: SignIn, claim_job: EnqueueJob) -> None:
    job = claim_job("trial_fail", how="refused")
    fail(job, Unwilling(what="today"), at=AT)
    html = page(signed_in(Role.OPERATOR), f"/jobs/{job.pk}/")
    assert "Not today." in html
    assert "Retry" in html
    assert "every 1s" not in html


def test_the_page_of_a_job_that_went_wrong_unforeseen_gives_the_reference(
    signed_in: SignIn, claim_job: EnqueueJob
) -> None:
    job = claim_job("trial_fail", how="odd")
    fail(job, ValueError("王小明"), at=AT, reference="abc123")
    html = page(signed_in(Role.OPERATOR), f"/jobs/{job.pk}/")
    assert "abc123" in html
    assert "王小明" not in html


def test_the_page_of_a_refresh_that_is_done_leads_to_its_run(
    signed_in: SignIn, claim_job: EnqueueJob, served: Workspace
) -> None:
    job, run = claim_job("refresh"), served.runs.all()[-1]
    finish(job, {"run": run.id}, at=AT)
    assert reverse("tiers:run", args=[run.id]) in page(signed_in(Role.OPERATOR), f"/jobs/{job.pk}/")


def test_a_job_page_asks_the_database_a_fixed_number_of_times(
    signed_in: SignIn, claim_job: EnqueueJob, django_assert_num_queries: Any
) -> None:
    job, client = claim_job(), signed_in(Role.ANALYST)
    with django_assert_num_queries(4):
        client.get(f"/jobs/{job.pk}/")


def test_progress_asks_again_while_the_job_is_open(signed_in: SignIn, claim_job: EnqueueJob) -> None:
    job, client = claim_job(), signed_in(Role.ANALYST)
    answer = client.get(f"/jobs/{job.pk}/progress/")
    assert b"hx-trigger" in answer.content
    assert "HX-Refresh" not in answer.headers


def test_progress_of_a_job_that_is_over_has_the_page_loaded_anew(signed_in: SignIn, claim_job: EnqueueJob) -> None:
    job, client = claim_job(), signed_in(Role.ANALYST)
    finish(job, {}, at=AT)
    answer = client.get(f"/jobs/{job.pk}/progress/")
    assert b"hx-trigger" not in answer.content
    assert answer.headers["HX-Refresh"] == "true"


def test_the_page_of_an_unknown_job_is_not_found(signed_in: SignIn) -> None:
    assert signed_in(Role.ANALYST).get("/jobs/99/").status_code == 404


def test_an_operator_cancels_and_tries_again(signed_in: SignIn, enqueue_job: EnqueueJob) -> None:
    job, client = enqueue_job(), signed_in(Role.OPERATOR)
    assert "was cancelled" in client.post(f"/jobs/{job.pk}/cancel/", follow=True).content.decode()
    assert Job.objects.get().status == Status.CANCELLED
    assert "The job is queued again" in client.post(f"/jobs/{job.pk}/retry/", follow=True).content.decode()
    assert Job.objects.get().status == Status.WAITING


def test_what_cannot_be_done_is_said(signed_in: SignIn, enqueue_job: EnqueueJob) -> None:
    job, client = enqueue_job(), signed_in(Role.OPERATOR)
    assert "has not ended yet" in client.post(f"/jobs/{job.pk}/retry/", follow=True).content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_only_who_may_refresh_cancels(signed_in: SignIn, enqueue_job: EnqueueJob, role: Role) -> None:
    job, client = enqueue_job(), signed_in(role)
    allowed = may(client_user(client), REFRESH)
    assert client.post(f"/jobs/{job.pk}/cancel/").status_code == (302 if allowed else 403)
    assert Job.objects.get().status == (Status.CANCELLED if allowed else Status.WAITING)


def test_who_may_not_cancel_sees_no_button(signed_in: SignIn, enqueue_job: EnqueueJob) -> None:
    assert "/cancel/" not in page(signed_in(Role.ANALYST), f"/jobs/{enqueue_job().pk}/")


def test_a_stranger_is_asked_to_sign_in(stranger: Client, enqueue_job: EnqueueJob) -> None:
    assert stranger.get(f"/jobs/{enqueue_job().pk}/").status_code == 302
    assert stranger.post(f"/jobs/{enqueue_job().pk}/cancel/").status_code == 302
    assert set(Job.objects.values_list("status", flat=True)) == {Status.WAITING}


def test_the_schedule_shows_in_words_and_times_what_a_form_means(signed_in: SignIn) -> None:
    html = page(signed_in(Role.OPERATOR), SCHEDULE, cron="30 4 * * MON")
    assert "At 04:30, only on Monday" in html
    assert html.split('id="times"')[1].count("<li>") == 5
    assert not Schedule.objects.exists()


def test_the_schedule_is_kept_and_switched_off(signed_in: SignIn) -> None:
    client = signed_in(Role.OPERATOR)
    assert (
        "Saved. Next:" in client.post(SCHEDULE, {"cron": "30 4 * * *", "enabled": "on"}, follow=True).content.decode()
    )
    assert Schedule.objects.get().enabled
    assert "The schedule is off" in client.post(SCHEDULE, {"cron": "30 4 * * *"}, follow=True).content.decode()
    assert Schedule.objects.get().next_at is None


@pytest.mark.parametrize("cron", ["", "often"])
def test_a_form_that_is_none_is_said_beside_the_field(signed_in: SignIn, cron: str) -> None:
    answer = signed_in(Role.OPERATOR).post(SCHEDULE, {"cron": cron, "enabled": "on"})
    assert answer.status_code == 422
    assert b'role="alert"' in answer.content
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AGENT])
def test_only_who_may_schedule_does(signed_in: SignIn, role: Role) -> None:
    assert signed_in(role).post(SCHEDULE, {"cron": "0 3 * * *", "enabled": "on"}).status_code == 403
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("kind", ["trial_nap", "no_such"])
def test_the_schedule_of_an_unknown_kind_is_not_found(signed_in: SignIn, kind: str) -> None:
    assert signed_in(Role.OPERATOR).get(f"/jobs/schedule/{kind}/").status_code == 404


def test_other_apps_ask_for_recent_and_running_jobs(enqueue_job: EnqueueJob, claim_job: EnqueueJob) -> None:
    at_work, waiting = claim_job("refresh"), enqueue_job("refresh")
    assert running("refresh") == at_work
    assert recent("refresh") == [waiting, at_work]
    assert recent("refresh", limit=1) == [waiting]


def test_the_numbers_of_jobs_are_there_to_monitor(stranger: Client, enqueue_job: EnqueueJob) -> None:
    enqueue_job()
    assert 'custrata_jobs{status="waiting"} 1.0' in stranger.get("/metrics").content.decode()


def test_instants_in_what_went_wrong_are_written_as_people_do(signed_in: SignIn, claim_job: EnqueueJob) -> None:
    job = claim_job("refresh")
    fail(job, EarlierAsOf(last="2025-07-01T16:00:00+00:00", asked="2025-06-01", run="a run"), at=AT)
    html = page(signed_in(Role.OPERATOR), f"/jobs/{job.pk}/")
    assert "is as of Jul 2, 2025" in html
    assert "T16:00" not in html
