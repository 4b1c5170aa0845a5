"""Starting a refresh: permissions, one at a time, and never before the newest run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import edit_attribute, sync_customers
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.actions import AlreadyRefreshing, RefreshTooEarly, RefreshTooLate, start_refresh
from custrata.apps.tiers.queries.refreshes import refresh_authors
from custrata.lake import Workspace
from custrata.pipeline.reading import reading
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
AT = datetime(2025, 8, 1, tzinfo=UTC)


def test_it_asks_for_the_job(served: Workspace, person: Callable[[Role], User]) -> None:
    job = start_refresh(as_of=date(2025, 7, 15), actor=person(Role.OPERATOR), at=AT)
    assert (job.kind, job.arguments, job.actor_name) == ("refresh", {"as_of": "2025-07-15"}, "operator")


def test_it_looks_from_the_newest_data_by_default(served: Workspace) -> None:
    assert start_refresh(as_of=None, actor=None, at=AT).arguments == {"as_of": None}


@pytest.mark.parametrize(
    ("as_of", "refusal"), [(date(2025, 6, 30), RefreshTooEarly), (date(2025, 8, 2), RefreshTooLate)]
)
def test_it_refuses_a_day_it_cannot_look_from(served: Workspace, as_of: date, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        start_refresh(as_of=as_of, actor=None, at=AT)
    assert not Job.objects.exists()


def test_the_day_of_the_newest_run_may_be_looked_from_again(served: Workspace) -> None:
    assert start_refresh(as_of=date(2025, 7, 1), actor=None, at=AT).arguments == {"as_of": "2025-07-01"}


def test_it_refuses_a_second_one_while_the_first_is_open(served: Workspace) -> None:
    start_refresh(as_of=None, actor=None, at=AT)
    with pytest.raises(AlreadyRefreshing):
        start_refresh(as_of=None, actor=None, at=AT)
    assert Job.objects.count() == 1


def test_the_page_starts_it_and_leads_back(served: Workspace, operator: Client) -> None:
    response = operator.post("/tiers/runs/refresh/", {"as_of": "", "next": "/tiers/value/"})
    assert (response.status_code, response["Location"]) == (302, "/tiers/value/")
    assert Job.objects.get().actor_name == "operator"


def test_the_page_never_leads_elsewhere(served: Workspace, operator: Client) -> None:
    response = operator.post("/tiers/runs/refresh/", {"next": "https://example.com/"})
    assert response["Location"] == "/tiers/runs/"


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("2025-06-30", "would rewrite history"),
        ("nonsense", "Enter a date"),
        ("2099-01-01", "in the future"),
        ("2999-01-01", "Enter a date"),
    ],
)
def test_the_page_says_why_it_refuses(served: Workspace, operator: Client, as_of: str, message: str) -> None:
    response = operator.post("/tiers/runs/refresh/", {"as_of": as_of}, follow=True)
    assert message in response.content.decode()
    assert not Job.objects.exists()


@pytest.mark.parametrize("role", [Role.ANALYST, Role.AGENT])
def test_who_may_not_is_refused(served: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    assert signed_in(role).post("/tiers/runs/refresh/").status_code == 403
    assert not Job.objects.exists()


def test_looking_at_the_address_starts_nothing(served: Workspace, operator: Client) -> None:
    assert operator.get("/tiers/runs/refresh/").status_code == 405
    assert not Job.objects.exists()


def test_the_page_shows_the_one_under_way(served: Workspace, operator: Client) -> None:
    start_refresh(as_of=None, actor=None, at=AT)
    html = operator.get("/tiers/runs/").content.decode()
    assert 'name="as_of"' not in html
    assert "Refreshing" in html


def test_a_run_knows_who_asked_for_it(served: Workspace) -> None:
    run = served.runs.ids()[-1]
    done = {"status": "done", "finished_at": AT, "asked_at": AT, "run_after": AT}
    Job.objects.create(kind="refresh", actor_name="wang", result={"run": run}, **done)
    Job.objects.create(kind="refresh", result={"run": "another"}, **done)
    assert refresh_authors() == {run: "wang"}


def test_a_refresh_takes_in_what_people_decided(own_workspace: Workspace, person: Callable[[Role], User]) -> None:
    ann = person(Role.OPERATOR)
    sync_customers(own_workspace, at=AT)
    edit_attribute(customer_id="c007", attribute="name", value="Ada", source_value=None, actor=ann, at=AT)
    start_refresh(as_of=date(2025, 7, 15), actor=ann, at=AT)
    job = take_job("a worker", at=AT)
    assert job
    perform(job)
    profile = reading(own_workspace)
    assert profile
    assert (profile.customer("c007") or {})["name"] == "Ada"
