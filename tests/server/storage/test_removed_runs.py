"""Pages and the API after runs were removed: the history is complete, and removed runs are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from tests.server.conftest import AT

from custrata.apps.customers.actions import sync_customers
from custrata.apps.customers.models import TimelineEntry
from custrata.apps.tiers.queries import runs as run_queries
from custrata.apps.tiers.queries.feed import feed
from custrata.lake import Workspace
from custrata.pipeline.upkeep import trace_of
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
SignedIn = Callable[[Role], Client]


def changes_since(since: str = "") -> list[tuple[str, str, str]]:
    """Every change from a cursor on."""
    feed_page = feed(since, schemes=None, limit=1_000_000)
    return [(change["run"].id, change["customer_id"], change["scheme"]) for change in feed_page.changes]


def remove(workspace: Workspace, place: int) -> str:
    """Remove the data of a run, leaving its record."""
    run = workspace.runs.all()[place]
    workspace.runs.reduce_to_traces({run.id: trace_of(run)})
    assert run.id in workspace.runs.traces()
    return run.id


def test_the_timeline_and_the_feed_of_changes_tell_the_same(own_workspace: Workspace) -> None:
    sync_customers(own_workspace, at=AT)
    halfway = feed("", schemes=None, limit=50).since
    before = (TimelineEntry.objects.count(), changes_since(), changes_since(halfway))
    assert all(before)
    remove(own_workspace, 1)
    sync_customers(own_workspace, at=AT)
    assert (TimelineEntry.objects.count(), changes_since(), changes_since(halfway)) == before


def test_a_page_of_a_removed_run_says_why_it_is_gone(own_workspace: Workspace, signed_in: SignedIn) -> None:
    gone, client = remove(own_workspace, 1), signed_in(Role.ADMINISTRATOR)
    for page in (f"/tiers/runs/{gone}/", f"/tiers/value/?run={gone}", f"/customers/?run={gone}"):
        answer = client.get(page)
        assert (page, answer.status_code, "was removed" in answer.content.decode()) == (page, 404, True)
    assert "1 older run (as of" in client.get("/tiers/runs/").content.decode()


def test_pages_that_go_through_the_past_open_all_the_same(own_workspace: Workspace, signed_in: SignedIn) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    remove(own_workspace, 1)
    later = own_workspace.runs.ids()[1]
    for page in (
        *("/", "/tiers/value/", "/tiers/value/history/", f"/tiers/value/?run={later}", f"/tiers/runs/{later}/"),
        *("/tiers/runs/compare/", "/customers/c007/?tab=history", f"/tiers/runs/{later}/withdraw/"),
        "/tiers/runs/rebuild/?every=month",
    ):
        assert (page, client.get(page).status_code) == (page, 200)
    assert "1 run of this period was removed" in client.get("/tiers/runs/rebuild/?every=month").content.decode()


def test_moves_over_removed_runs_lead_to_no_list_that_says_something_else(
    own_workspace: Workspace, signed_in: SignedIn
) -> None:
    later = own_workspace.runs.ids()[2]
    client, link = signed_in(Role.ADMINISTRATOR), "moved=value"
    assert run_queries.has_recorded_moves(run_queries.run(later))
    assert link in client.get(f"/tiers/value/?run={later}").content.decode()
    remove(own_workspace, 1)
    assert not run_queries.has_recorded_moves(run_queries.run(later))
    assert link not in client.get(f"/tiers/value/?run={later}").content.decode()
