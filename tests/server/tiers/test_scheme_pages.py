"""The pages of schemes: content, links of their charts, and permissions."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from tests.server.conftest import CUSTOMERS, PUBLISHED

from custrata.lake import Workspace
from custrata.tiering import BUILT_IN
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
ADDRESSES = ("/tiers/", "/tiers/value/", "/tiers/value/rings/", "/tiers/rfm/map/")


def page(client: Client, address: str, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_role_sees_tiers(
    served: Workspace, signed_in: Callable[[Role], Client], role: Role, address: str
) -> None:
    assert signed_in(role).get(address).status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_stranger_is_asked_to_sign_in(served: Workspace, stranger: Client, address: str) -> None:
    response = stranger.get(address)
    assert (response.status_code, "next=" in response["Location"]) == (302, True)


def test_the_list_shows_every_scheme_and_links_its_tiers(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/")
    assert all(f'href="/tiers/{key}/"' in html for key in PUBLISHED)
    assert 'href="/customers/?tier=value:high"' in html


def test_a_scheme_that_waits_says_what_is_missing(waiting: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/")
    assert "Waiting for data: the orders have no discounts." in html
    assert 'href="/tiers/price_sensitivity/"' not in html
    assert "Waiting for data: the orders have no discounts." in page(operator, "/tiers/price_sensitivity/")


@pytest.mark.parametrize("key", PUBLISHED)
def test_a_scheme_has_its_rings_table_moves_and_history(served: Workspace, operator: Client, key: str) -> None:
    html = page(operator, f"/tiers/{key}/")
    for tier in BUILT_IN[key].tiers:
        assert f'href="/customers/?tier={key}:{tier}"' in html
    assert f'href="/customers/?moved={key}:' in html
    assert html.count('data-chart="series"') == 2
    assert f"{CUSTOMERS} customers" in html


def test_every_picture_has_its_table(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/value/")
    assert html.count('<details class="as-table">') == 3
    assert 'class="table matrix"' in html
    assert 'class="table rungs"' in html


def test_links_in_pictures_say_where_they_lead(served: Workspace, operator: Client) -> None:
    links = re.findall(r"<a [^>]*href=\"/customers/\?tier=value:high\"[^>]*>", page(operator, "/tiers/value/"))
    assert any("aria-label" in link and "High value" in link for link in links)


def test_the_value_is_shown_with_its_lines(served: Workspace, operator: Client) -> None:
    assert re.search(r"High value ≥ CN¥[\d,]+\.\d\d", page(operator, "/tiers/value/"))


def test_a_spread_that_must_be_counted_is_counted_when_asked_for(served: Workspace, operator: Client) -> None:
    assert 'hx-get="/tiers/loyalty/?values=1' in page(operator, "/tiers/loyalty/")
    html = page(operator, "/tiers/loyalty/?values=1")
    assert "Loyal ≥ 66" in html
    assert 'hx-get="/tiers/loyalty/?values=1' not in html


def test_lifecycle_shows_the_silence_curve_with_counts(learned: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/lifecycle/")
    assert 'data-chart="silence"' in html
    assert '<td class="number">1,144</td><td class="number">900</td><td class="number">99% (98–99)</td>' in html
    assert "With 1–12 order days, a customer is at risk after a silence of 6.30 usual gaps." in html
    assert (
        "With 1–12 order days, too few customers were silent for long enough to draw a line, so no customer is churned."
        in html
    )
    assert "The curve was learned at 5 past dates from 2,446 customers." in html


def test_a_curve_that_was_not_learned_is_said_to_be_none(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/lifecycle/")
    assert "The history is too short for a curve" in html
    assert "Not learned yet" in html


def test_what_decided_is_said_in_words(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/rfm/", "en")
    assert "Means:" in html
    assert "Score boundaries:" in html


def test_an_earlier_run_is_shown_as_such(served: Workspace, operator: Client) -> None:
    earlier = served.runs.ids()[1]
    html = page(operator, f"/tiers/value/?run={earlier}")
    assert "This is the run of May 1, 2025" in html
    assert f'href="/customers/?run={earlier}&amp;tier=value:high"' in html


def test_the_first_run_has_no_moves_yet(served: Workspace, operator: Client) -> None:
    html = page(operator, f"/tiers/value/?run={served.runs.ids()[0]}")
    assert "After the next run, this shows who moved up" in html


def test_the_slider_gets_the_rings_alone(served: Workspace, operator: Client) -> None:
    response = operator.get("/tiers/value/rings/?place=1", headers={"hx-request": "true"})
    html = response.content.decode()
    assert html.lstrip().startswith('<div id="rings"')
    assert 'value="1"' in html
    assert "May 1, 2025" in html


def test_without_script_the_slider_leads_to_a_page(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/value/rings/?place=1")
    assert "<h1>" in html
    assert "/tiers/value/rings/?place=0" in html


@pytest.mark.parametrize("place", ["", "-1", "x", "99999999999999999999", "400"])
def test_an_impossible_place_shows_rings_all_the_same(served: Workspace, operator: Client, place: str) -> None:
    assert 'id="rings"' in page(operator, f"/tiers/value/rings/?place={place}")


def test_a_cell_of_the_rfm_map_leads_to_its_customers(served: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/rfm/map/")
    cells = re.findall(r'href="/customers/\?rfm=([1-5]-[1-5])"', html)
    assert len(set(cells)) > 10
    assert "Champions" in html
    assert 'href="/customers/?tier=rfm:111"' in html


@pytest.mark.parametrize("address", ["/tiers/nothing/", "/tiers/value/?run=nothing", "/tiers/nothing/rings/"])
def test_what_is_not_there_is_not_found(served: Workspace, operator: Client, address: str) -> None:
    assert operator.get(address).status_code == 404


@pytest.mark.parametrize("address", ADDRESSES)
def test_before_the_first_run_a_page_says_what_comes_next(
    empty_workspace: Workspace, operator: Client, address: str
) -> None:
    html = page(operator, address)
    assert "No refresh yet" in html
    assert "custrata import orders" in html


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_pages_speak_the_language_of_the_reader(
    served: Workspace, signed_in: Callable[[Role], Client], language: str
) -> None:
    client = signed_in(Role.ANALYST)
    client.cookies["django_language"] = language
    for address in (*ADDRESSES, *(f"/tiers/{key}/" for key in BUILT_IN)):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize(("address", "queries"), list(zip(ADDRESSES, (3, 3, 2, 2), strict=True)))
def test_a_page_asks_the_database_for_the_person_and_drafts(
    served: Workspace, operator: Client, address: str, queries: int, django_assert_num_queries: Callable[..., object]
) -> None:
    operator.get(address)
    with django_assert_num_queries(queries):  # type: ignore[attr-defined]  # a context
        operator.get(address)
