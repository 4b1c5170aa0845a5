"""The pages of runs: the list, one run, two side by side."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from custrata.apps.tiers.views import runs as run_views
from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def addresses(workspace: Workspace) -> list[str]:
    return ["/tiers/runs/", "/tiers/runs/compare/", f"/tiers/runs/{workspace.runs.ids()[-1]}/"]


def test_agents_see_no_runs(served: Workspace, signed_in: Callable[[Role], Client]) -> None:
    client = signed_in(Role.AGENT)
    assert [client.get(address).status_code for address in addresses(served)] == [403] * 3


def test_a_stranger_is_asked_to_sign_in(served: Workspace, stranger: Client) -> None:
    assert [stranger.get(address).status_code for address in addresses(served)] == [302] * 3


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OPERATOR, Role.ANALYST])
def test_who_may_sees_runs(served: Workspace, signed_in: Callable[[Role], Client], role: Role) -> None:
    client = signed_in(role)
    assert [client.get(address).status_code for address in addresses(served)] == [200] * 3


def neighbour(html: str, rel: str) -> str:
    """The address of the next or the previous page of a list."""
    link = re.search(rf'rel="{rel}" href="([^"]+)"', html)
    assert link
    return link[1]


def test_the_list_has_every_run_the_newest_first(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/runs/")
    links = re.findall(r'href="/tiers/runs/([^"/]+)/"', html)
    assert [run for run in links if run not in ("compare", "rebuild")] == list(reversed(served.runs.ids()))


def test_a_long_list_goes_on_another_page(served: Workspace, operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_views, "PAGE", 3)
    ids, first = served.runs.ids(), page(operator, "/tiers/runs/")
    assert (f"/tiers/runs/{ids[0]}/" in first, f"/tiers/runs/{ids[3]}/" in first) == (False, True)
    last = page(operator, "/tiers/runs/" + neighbour(first, "next"))
    assert (f"/tiers/runs/{ids[0]}/" in last, f"/tiers/runs/{ids[3]}/" in last) == (True, False)
    assert f"/tiers/runs/{ids[3]}/" in page(operator, "/tiers/runs/" + neighbour(last, "prev"))


def test_only_who_may_refresh_is_offered_it(served: Workspace, signed_in: Callable[[Role], Client]) -> None:
    offered = {role: 'name="as_of"' in page(signed_in(role), "/tiers/runs/") for role in (Role.OPERATOR, Role.ANALYST)}
    assert offered == {Role.OPERATOR: True, Role.ANALYST: False}


def test_a_run_tells_what_it_saw_and_took(served: Workspace, operator: Client) -> None:
    run = served.runs.all()[-1]
    html = page(operator, f"/tiers/runs/{run.id}/")
    assert f"{run.record['saw']['rows']['orders']:,}" in html
    assert html.count("<progress") == len(run.record["steps"])
    assert "Seconds per step" in html
    assert 'href="/customers/?tier=lifecycle:at_risk"' in html


def test_a_past_run_leads_to_its_own_schemes(served: Workspace, operator: Client) -> None:
    earlier = served.runs.ids()[0]
    html = page(operator, f"/tiers/runs/{earlier}/")
    assert f'href="/tiers/value/?run={earlier}"' in html


def test_a_run_that_is_not_there_is_not_found(served: Workspace, operator: Client) -> None:
    assert operator.get("/tiers/runs/nothing/").status_code == 404
    assert operator.get("/tiers/runs/compare/?before=nothing").status_code == 404


def test_comparing_shows_the_newest_two_by_default(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/runs/compare/")
    assert "Jun 1, 2025" in html
    assert 'class="table matrix"' in html
    assert 'href="/customers/?moved=value:' in html


def test_the_earlier_run_comes_first_whichever_way_one_asks(served: Workspace, operator: Client) -> None:
    first, last = served.runs.ids()[0], served.runs.ids()[-1]
    backward = page(operator, f"/tiers/runs/compare/?before={last}&after={first}&moves=1")
    forward = page(operator, f"/tiers/runs/compare/?before={first}&after={last}&moves=1")
    main = re.compile(r"<main.*</main>", re.DOTALL)
    assert main.findall(backward) == main.findall(forward)


def test_runs_that_are_no_neighbours_are_counted_when_asked_for(served: Workspace, operator: Client) -> None:
    ids = served.runs.ids()
    address = f"/tiers/runs/compare/?before={ids[0]}&after={ids[-1]}"
    assert "moves=1" in page(operator, address)
    assert 'class="table matrix"' in page(operator, f"{address}&moves=1")


def test_a_run_compared_with_itself_asks_for_another(served: Workspace, operator: Client) -> None:
    run = served.runs.ids()[0]
    assert "Choose two different runs." in page(operator, f"/tiers/runs/compare/?before={run}&after={run}")


def test_before_the_first_run_pages_say_what_comes_next(empty_workspace: Workspace, operator: Client) -> None:
    assert all("No refresh yet" in page(operator, address) for address in ("/tiers/runs/", "/tiers/runs/compare/"))


@pytest.mark.parametrize(("address", "queries"), [("/tiers/runs/", 4), ("/tiers/runs/compare/", 2)])
def test_the_number_of_queries_is_pinned(
    served: Workspace, operator: Client, address: str, queries: int, django_assert_num_queries: Callable[..., object]
) -> None:
    operator.get(address)
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]  # a context
        operator.get(address)
