"""Withdrawing a run: permissions, the reason, and what remains."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from custrata.apps.audit.models import Change
from custrata.apps.jobs.models import Job
from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(signed_in: Callable[[Role], Client]) -> Client:
    """An administrator's browser."""
    return signed_in(Role.ADMINISTRATOR)


def test_only_an_administrator_may(served: Workspace, operator: Client) -> None:
    address = f"/tiers/runs/{served.runs.ids()[-1]}/withdraw/"
    assert (operator.get(address).status_code, operator.post(address).status_code) == (403, 403)


def test_the_page_asks_for_a_reason(served: Workspace, administrator: Client) -> None:
    answer = administrator.post(f"/tiers/runs/{served.runs.ids()[-1]}/withdraw/", {"reason": "  "})
    assert (answer.status_code, Job.objects.exists()) == (422, False)


def test_it_is_asked_for_and_audited(served: Workspace, administrator: Client) -> None:
    run_id = served.runs.ids()[-1]
    assert administrator.get(f"/tiers/runs/{run_id}/withdraw/").status_code == 200
    answer = administrator.post(f"/tiers/runs/{run_id}/withdraw/", {"reason": "a wrong day"})
    job, entry = Job.objects.get(), Change.objects.get(action="tiers.withdraw")
    arguments = {"run": run_id, "reason": "a wrong day", "by": "administrator"}
    assert (answer.status_code, job.kind, job.arguments) == (302, "withdraw", arguments)
    assert entry.subject_id == run_id
