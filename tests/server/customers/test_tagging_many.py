"""Tagging very many customers by a job: its effect, exactly once, and its page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from tests.server.conftest import AT
from tests.server.customers.conftest import audit_changes

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import NoSuchTag, TaggingRequest, make_tag, start_tagging
from custrata.apps.customers.models import Customer, CustomerTag, Tag, TimelineEntry
from custrata.apps.customers.queries.tagging import MANY
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job
from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SignedIn = Callable[[Role], Client]
ADDRESS = "/customers/-/together/tag/?q=crowd"


@pytest.fixture
def crowd(tmp_path: Path, settings: Settings, db: None) -> int:
    """More customers than are tagged synchronously, in a workspace without runs; returns how many."""
    settings.WORKSPACE = tmp_path / "new"
    Workspace.create(settings.WORKSPACE, currency="CNY", timezone="Asia/Shanghai", language="en")
    Customer.objects.bulk_create(
        Customer(customer_id=f"n{number}", search="crowd", mark=0) for number in range(MANY + 1)
    )
    return MANY + 1


@pytest.fixture
def tag(db: None) -> Tag:
    return make_tag(name="Fair 2026", actor=None, at=AT)


def perform_job() -> Job:
    """Perform the only job."""
    job = take_job("a worker", at=AT)
    assert job is not None
    perform(job)
    job.refresh_from_db()
    return job


def selection(followed: Workspace, *, shown_count: int = 9) -> TaggingRequest:
    run = followed.runs.published()
    assert run is not None
    return TaggingRequest("q=王00", run.id, shown_count)


def test_an_agent_tags_a_crowd_and_sees_what_came_of_it(crowd: int, tag: Tag, signed_in: SignedIn) -> None:
    browser = signed_in(Role.AGENT)
    Job.objects.all().delete()
    page = browser.post(ADDRESS, {"tag": tag.pk, "seen": crowd})["Location"]
    assert 'hx-trigger="every 1s"' in browser.get(page).content.decode()
    Job.objects.update(run_after=AT)
    assert perform_job().result == {"changed": crowd, "asked": crowd}
    html = browser.get(page).content.decode()
    assert "20,001 customers changed." in html
    assert "every 1s" not in html
    assert [(change.after or {})["customers"] for change in audit_changes("tag")] == [MANY, 1]


def test_a_tag_that_is_gone_is_refused_in_the_form(crowd: int, signed_in: SignedIn) -> None:
    answer = signed_in(Role.AGENT).post(ADDRESS, {"tag": 99, "seen": crowd})
    assert (answer.status_code, Job.objects.count()) == (422, 0)


def test_tags_and_untags_those_the_run_and_the_search_let_through(followed: Workspace, anna: User, tag: Tag) -> None:
    for off, left in ((False, 9), (True, 0)):
        start_tagging(many=selection(followed), tag_id=tag.pk, off=off, actor=anna, at=AT)
        assert perform_job().result == {"changed": 9, "asked": 9}
        assert CustomerTag.objects.count() == left
    (change,) = audit_changes("tag")
    assert change.actor_id == anna.pk
    assert (change.after or {})["chosen"].endswith("&searched=yes")  # but not the search text


def test_running_twice_has_one_effect(followed: Workspace, anna: User, tag: Tag) -> None:
    start_tagging(many=selection(followed), tag_id=tag.pk, off=False, actor=anna, at=AT)
    job = perform_job()
    Job.objects.filter(pk=job.pk).update(status="waiting", finished_at=None, losses=1)
    assert perform_job().result == {"changed": 0, "asked": 9}
    assert (TimelineEntry.objects.filter(kind="tag").count(), len(audit_changes("tag"))) == (9, 1)


def test_changes_nothing_where_the_list_has_moved_on(followed: Workspace, anna: User, tag: Tag) -> None:
    start_tagging(many=selection(followed, shown_count=8), tag_id=tag.pk, off=False, actor=anna, at=AT)
    job = perform_job()
    assert (job.status, job.error, job.error_facts) == ("failed", "ListMovedOn", {"asked": "8", "found": "9"})
    assert not CustomerTag.objects.exists()


def test_refuses_a_tag_there_is_not(followed: Workspace, anna: User) -> None:
    with pytest.raises(NoSuchTag):
        start_tagging(many=selection(followed), tag_id=99, off=False, actor=anna, at=AT)
    assert not Job.objects.exists()


def test_nobody_else_sees_it(followed: Workspace, anna: User, tag: Tag, signed_in: SignedIn) -> None:
    job = start_tagging(many=selection(followed), tag_id=tag.pk, off=False, actor=anna, at=AT)
    assert signed_in(Role.AGENT).get(f"/customers/-/together/tag/{job.pk}/").status_code == 404
