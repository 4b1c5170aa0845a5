"""The overview: figures, charts, notices, and the scheme chosen per user."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from tests.server.conftest import CUSTOMERS

from custrata.apps.insights import queries
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.queries import runs
from custrata.lake import Workspace
from custrata.lake.sums import write_checked
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
AT = datetime(2025, 7, 1, tzinfo=UTC)


def page(client: Client, address: str = "/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def failed_job() -> Job:
    times = {"asked_at": AT, "run_after": AT, "finished_at": AT}
    return Job.objects.create(kind="refresh", status="failed", **times)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OPERATOR, Role.ANALYST])
def test_who_may_sees_it(served: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    assert "Overview" in page(signed_in(role))


def test_agents_are_refused(served: Workspace, signed_in: Callable[[Role], Client]) -> None:
    agent = signed_in(Role.AGENT)
    assert [agent.get("/").status_code, agent.post("/scheme/").status_code] == [403, 403]


def test_a_stranger_is_asked_to_sign_in(served: Workspace, stranger: Client) -> None:
    assert [stranger.get("/").status_code, stranger.post("/scheme/").status_code] == [302, 302]


def test_the_numbers_are_those_of_the_run(served: Workspace, operator: Client) -> None:
    head = served.runs.all()[-1].record["headline"]
    html = page(operator)
    assert f'<span class="figure-value">{CUSTOMERS}</span>' in html
    assert f'<span class="figure-value">{head["active"]}</span>' in html


def test_rings_and_bands_lead_to_customers(served: Workspace, operator: Client) -> None:
    html = page(operator)
    assert 'href="/customers/?tier=value:high"' in html
    assert 'href="/customers/?moved=value:' in html
    assert 'data-chart="series"' in html


def test_it_says_how_fresh_the_data_is(served: Workspace, operator: Client) -> None:
    html = page(operator)
    assert "As of " in html
    assert "refreshed " in html
    assert "took " in html


def test_new_imports_are_announced(own_workspace: Workspace, operator: Client) -> None:
    path = own_workspace.lake.folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["tables"]["orders"]["content"] = "other"
    manifest["imports"].append({**manifest["imports"][-1], "at": "2025-07-02T00:00:00+00:00"})
    write_checked(path, json.dumps(manifest))
    assert "1 import arrived after this run" in page(operator)


def test_a_chosen_scheme_is_kept_for_the_person(served: Workspace, operator: Client) -> None:
    assert operator.post("/scheme/", {"scheme": "lifecycle"})["Location"] == "/"
    assert 'href="/customers/?tier=lifecycle:mature"' in page(operator)


def test_a_scheme_there_is_not_is_not_kept(served: Workspace, operator: Client) -> None:
    operator.post("/scheme/", {"scheme": "nothing"})
    assert 'href="/customers/?tier=value:high"' in page(operator)


def test_an_address_can_name_a_scheme(served: Workspace, operator: Client) -> None:
    assert 'href="/customers/?tier=loyalty:loyal"' in page(operator, "/?scheme=loyalty")
    assert 'href="/customers/?tier=value:high"' in page(operator)


def test_those_about_to_drop_come_first(served: Workspace, operator: Client) -> None:
    first, *_ = queries.attention(runs.run(served.runs.ids()[-1]), with_jobs=True)
    assert first.href == "/customers/?tier=lifecycle:at_risk&sort=-spend"
    assert all(way.href.startswith("/customers/?moved=lifecycle:") for way in first.ways)
    assert all(f'href="/customers/{person.customer_id}/"' in page(operator) for person in first.people)
    assert [person.spend for person in first.people] == sorted((person.spend for person in first.people), reverse=True)


def test_a_failed_job_is_shown_to_who_may_see_jobs(served: Workspace, operator: Client) -> None:
    job = failed_job()
    notices = queries.attention(runs.run(served.runs.ids()[-1]), with_jobs=True)
    assert f"/jobs/{job.pk}/" in [notice.href for notice in notices]
    assert queries.attention(runs.run(served.runs.ids()[-1]), with_jobs=False) != notices


def test_a_job_that_was_done_since_is_forgotten(served: Workspace) -> None:
    job = failed_job()
    Job.objects.create(kind="refresh", status="done", asked_at=AT, run_after=AT, finished_at=AT)
    notices = queries.attention(runs.run(served.runs.ids()[-1]), with_jobs=True)
    assert f"/jobs/{job.pk}/" not in [notice.href for notice in notices]


def test_rejected_rows_are_shown(own_workspace: Workspace, operator: Client) -> None:
    path = own_workspace.lake.folder / "manifest.json"
    manifest = json.loads(path.read_text("utf-8"))
    manifest["imports"][-1] |= {"rejected": 7, "file_name": "july.csv"}
    write_checked(path, json.dumps(manifest))
    assert "july.csv: 7 rows were rejected" in page(operator)


def test_only_who_may_refresh_is_offered_it(served: Workspace, signed_in: Callable[[Role], Client]) -> None:
    offered = {role: "/tiers/runs/refresh/" in page(signed_in(role)) for role in (Role.OPERATOR, Role.ANALYST)}
    assert offered == {Role.OPERATOR: True, Role.ANALYST: False}


def test_the_number_of_queries_is_pinned(
    served: Workspace, operator: Client, django_assert_num_queries: Callable[..., object]
) -> None:
    page(operator)
    with django_assert_num_queries(5):  # type: ignore[attr-defined]  # a context
        page(operator)
