"""Erasing a customer by page, API and job; the list contains no customer ids, and lifting requires a reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from tests.server.api.conftest import make_program, reset_counters
from tests.server.conftest import AT

from custrata.apps.audit.models import Change
from custrata.apps.customers.actions import sync_customers
from custrata.apps.customers.jobs import enqueue_due
from custrata.apps.customers.models import Customer
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.models import Override
from custrata.ingest.erasure import begin_erasure
from custrata.lake import Workspace
from custrata.web.rights import Role

__all__ = ["make_program", "reset_counters"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def followed(own_workspace: Workspace) -> Workspace:
    """A workspace of its own with synchronized customers and an override."""
    sync_customers(own_workspace, at=AT)
    Override.objects.create(customer_id="c007", scheme="value", tier="high", reason="dear", approved_at=AT)
    return own_workspace


@pytest.fixture
def administrator(signed_in: Callable[[Role], Client]) -> Client:
    """An administrator's browser."""
    return signed_in(Role.ADMINISTRATOR)


def perform_job() -> Job:
    """Perform the only job."""
    job = take_job("a worker", at=timezone.now())
    assert job is not None
    perform(job)
    job.refresh_from_db()
    assert job.error == ""
    return job


def assert_erased(workspace: Workspace, customer_id: str) -> None:
    """Assert that no table contains the customer."""
    assert workspace.erasing.all() == []
    for model in (Customer, Override):
        assert not model.objects.filter(customer_id=customer_id).exists()
    records = [*Change.objects.values_list("subject_id", "customer_id", "after"), *Job.objects.values_list("arguments")]
    assert customer_id not in str(records)


def test_by_page_the_question_says_what_there_is_and_the_job_removes_it(
    followed: Workspace, administrator: Client
) -> None:
    confirmation = administrator.get("/customers/-/erasures/erase/", {"customer_id": " ｃ007 "})
    assert "tiers_override" in confirmation.content.decode()
    answer = administrator.post("/customers/-/erasures/erase/", {"customer_id": "c007"})
    job = Job.objects.get(kind="customers.erase")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/jobs/{job.pk}/")
    assert (perform_job().result or {})["removed"]["customers_customer"] == 1
    assert_erased(followed, "c007")
    assert followed.erasures.all()[0].by == "administrator"


def test_the_list_names_nobody_and_an_erasure_is_lifted_with_a_reason(
    followed: Workspace, administrator: Client
) -> None:
    administrator.post("/customers/-/erasures/erase/", {"customer_id": "c007"})
    assert "In progress" in administrator.get("/customers/-/erasures/").content.decode()
    perform_job()
    name = followed.erasures.all()[0].name
    page = administrator.get("/customers/-/erasures/").content.decode()
    assert name in page
    assert "c007" not in page
    administrator.post(f"/customers/-/erasures/{name}/lift/", {"reason": ""})
    assert followed.erasures.in_force()
    administrator.post(f"/customers/-/erasures/{name}/lift/", {"reason": "asked for it"})
    assert "asked for it" in administrator.get("/customers/-/erasures/").content.decode()
    assert Change.objects.get(action="customers.lift_erasure").after == {"reason": "asked for it"}


def test_nobody_unknown_is_erased(followed: Workspace, administrator: Client) -> None:
    administrator.post("/customers/-/erasures/erase/", {"customer_id": "nobody"})
    assert followed.erasing.all() == []
    assert not Job.objects.filter(kind="customers.erase").exists()


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.AGENT])
def test_others_may_not(followed: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    client = signed_in(role)
    assert client.get("/customers/-/erasures/").status_code == 403
    assert client.post("/customers/-/erasures/erase/", {"customer_id": "c007"}).status_code == 403


def test_programs_erase_list_and_lift(followed: Workspace, make_program: Callable[..., object]) -> None:
    program = make_program()
    response = program.post("/erasures", customer_id="c007")  # type: ignore[attr-defined]  # a Program
    assert (response.status_code, response.json()["removed"]["tiers_override"]) == (202, 1)
    assert perform_job().pk == response.json()["job"]
    assert_erased(followed, "c007")
    (listed,) = program.get("/erasures").json()["erasures"]  # type: ignore[attr-defined]  # as above
    assert (listed["erasure"], listed["under_way"]) == (response.json()["erasure"], False)
    lifted = program.post(f"/erasures/{listed['erasure']}/lift", reason="asked")  # type: ignore[attr-defined]  # as above
    assert lifted.json()["reason"] == "asked"
    assert program.post("/erasures", customer_id="c007").status_code == 404  # type: ignore[attr-defined]  # as above


def test_an_erasure_that_was_stopped_goes_on_by_itself(followed: Workspace) -> None:
    begin_erasure(followed, ["c007"], at=AT)
    enqueue_due(AT)
    perform_job()
    assert_erased(followed, "c007")
