"""The pages on which schemes are created and changed: forms, content and permissions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.test import Client

from custrata.apps.accounts.models import User
from custrata.apps.jobs.models import Job
from custrata.apps.schemes.actions import save_draft
from custrata.apps.schemes.models import SchemeDraft
from custrata.apps.schemes.queries.drafts import library
from custrata.apps.schemes.queries.goals import GOALS
from custrata.lake import Workspace
from custrata.tiering import BUILT_IN, define
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
AT = datetime(2025, 8, 1, tzinfo=UTC)
VIP: dict[str, Any] = {
    "kind": "threshold",
    "names": {"en": "VIP"},
    "trait": "spend",
    "tiers": [
        {"key": "gold", "line": 1000, "keep": "80%", "cost": 12},
        {"key": "silver", "line": 200},
        {"key": "basic"},
    ],
}
FIELD = re.compile(
    r'<input[^>]*?name="(?P<name>[^"]+)"(?P<rest>[^>]*)>'
    r'|<select[^>]*?name="(?P<select>[^"]+)"[^>]*>(?P<options>.*?)</select>'
    r'|<textarea[^>]*?name="(?P<area>[^"]+)"[^>]*>(?P<text>.*?)</textarea>',
    re.DOTALL,
)


@pytest.fixture
def vip(own_workspace: Workspace, person: Callable[[Role], User]) -> SchemeDraft:
    """A draft of a scheme that is not published yet, by an administrator."""
    return save_draft(key="vip", definition=VIP, note="", revision=None, actor=person(Role.ADMINISTRATOR), at=AT)


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
    return response.content.decode()


def form_values(html: str) -> dict[str, Any]:
    """The values a browser would submit for the form of a draft."""
    html = unescape(html)
    form = html[html.index('id="definition"') : html.index("</form>", html.index('id="definition"'))]
    form_data: dict[str, Any] = {}
    for field in FIELD.finditer(form):
        if field["name"]:
            value = re.search(r'value="([^"]*)"', field.group(0))
            is_box = 'type="checkbox"' in field.group(0)
            if not is_box or "checked" in field["rest"]:
                form_data.setdefault(field["name"], []).append(value[1] if value else "on" if is_box else "")
        elif field["select"]:
            chosen = re.findall(r'<option value="([^"]*)"[^>]*selected', field["options"])
            first = re.findall(r'<option value="([^"]*)"', field["options"])
            form_data.setdefault(field["select"], []).append((chosen or first or [""])[0])
        else:
            form_data.setdefault(field["area"], []).append(field["text"])
    return form_data


def submit_changes(client: Client, key: str = "vip", **changes: Any) -> Any:
    """Open the editor, change some fields, and submit it."""
    form_data = form_values(page(client, f"/tiers/{key}/edit/"))
    return client.post(
        f"/tiers/{key}/edit/save/", form_data | {name.replace("__", "-"): value for name, value in changes.items()}
    )


@pytest.mark.parametrize("key", BUILT_IN)
def test_sending_the_form_as_it_is_changes_nothing_of_the_definition(
    own_workspace: Workspace, operator: Client, key: str
) -> None:
    assert submit_changes(operator, key).status_code == 302
    assert define(SchemeDraft.objects.get(scheme=key).definition) == BUILT_IN[key].definition


def test_a_line_that_is_changed_is_kept(vip: SchemeDraft, operator: Client) -> None:
    submit_changes(operator, tier__0__line="1500", tier__0__keep="1200", tier__0__keep_unit="value", do="save")
    tier = SchemeDraft.objects.get().definition["tiers"][0]
    assert (tier["line"], tier["keep"], SchemeDraft.objects.get().author.username) == (1500, 1200, "operator")  # type: ignore[union-attr]  # there is one


@pytest.mark.parametrize(
    ("button", "keys"),
    [
        ("tier:up:1", ["silver", "gold", "basic"]),
        ("tier:down:0", ["silver", "gold", "basic"]),
        ("tier:remove:1", ["gold", "basic"]),
        ("tier:add", ["gold", "silver", "basic", "tier1"]),
        ("tier:add:top", ["tier1", "gold", "silver", "basic"]),
        ("tier:up:0", ["gold", "silver", "basic"]),
    ],
)
def test_buttons_change_the_rows(vip: SchemeDraft, operator: Client, button: str, keys: list[str]) -> None:
    submit_changes(operator, do=button)
    assert [tier["key"] for tier in SchemeDraft.objects.get().definition["tiers"]] == keys


def test_all_tiers_are_filled_in_at_once(vip: SchemeDraft, operator: Client) -> None:
    submit_changes(operator, do="tier:all", all__keep="80", all__grace_days="60")
    tiers = SchemeDraft.objects.get().definition["tiers"]
    assert [(tier.get("keep"), tier.get("grace_days")) for tier in tiers] == [("80%", 60), ("80%", 60), (None, None)]


@pytest.mark.parametrize(
    ("many", "unit", "expected"),
    [("1", "year", "1 year"), ("12", "month", "12 months"), ("90", "day", None), ("", "year", None)],
)
def test_validity_is_days_months_or_years(
    vip: SchemeDraft, operator: Client, many: str, unit: str, expected: Any
) -> None:
    submit_changes(operator, tier__0__valid_days=many, tier__0__valid_unit=unit)
    tier = SchemeDraft.objects.get().definition["tiers"][0]
    assert (tier.get("valid"), tier.get("valid_days")) == (expected, 90 if unit == "day" else None)
    assert f'<option value="{unit}" selected>' in page(operator, "/tiers/vip/edit/") or not many


def test_what_is_wrong_stands_beside_its_field(vip: SchemeDraft, operator: Client) -> None:
    submit_changes(operator, tier__1__line="many", tier__0__grace_days="-3")
    html = page(operator, "/tiers/vip/edit/")
    assert html.count("Enter a number.") == 1
    assert "Enter a whole number of days." in html
    assert 'value="many"' in html


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tier-1-line": "2000"}, "Each tier must be harder to reach"),
        ({"tier-0-keep": "120"}, "cannot be harder to keep than to enter"),
        ({"tier-0-line": ""}, "Enter the value from which"),
        ({"trait": ""}, "Choose a trait."),
        ({"qualify": "since_review"}, "requires a review"),
        ({"review": "calendar", "dates": "13-01"}, "Enter month and day"),
    ],
)
def test_every_mistake_is_told(vip: SchemeDraft, operator: Client, change: dict[str, str], message: str) -> None:
    operator.post("/tiers/vip/edit/save/", form_values(page(operator, "/tiers/vip/edit/")) | change)
    assert message in page(operator, "/tiers/vip/edit/")


def test_a_second_person_is_refused_and_sees_what_they_typed(vip: SchemeDraft, operator: Client) -> None:
    form_data = form_values(page(operator, "/tiers/vip/edit/"))
    operator.post("/tiers/vip/edit/save/", form_data | {"tier-0-line": "1100"})
    late = operator.post("/tiers/vip/edit/save/", form_data | {"tier-0-line": "1200"})
    assert (late.status_code, "Somebody saved another draft" in late.content.decode()) == (409, True)
    assert 'value="1200"' in late.content.decode()
    assert SchemeDraft.objects.get().definition["tiers"][0]["line"] == 1100


def test_the_expert_view_takes_json(vip: SchemeDraft, operator: Client) -> None:
    form_data = {"has": "json", "seen": vip.at.isoformat(), "do": "save"}
    operator.post("/tiers/vip/edit/save/", {**form_data, "json": '{"trait": "orders", "key": "other"}'})
    definition = SchemeDraft.objects.get().definition
    assert (definition["key"], definition["kind"], definition["trait"]) == ("vip", "threshold", "orders")
    operator.post("/tiers/vip/edit/save/", {**form_data, "json": "{"})
    assert SchemeDraft.objects.get().definition == definition


@pytest.mark.parametrize(
    "odd",
    [
        "[]",
        '{"tiers": "x"}',
        '{"tiers": [1]}',
        '{"tiers": [{}]}',
        '{"names": 3}',
        '{"review": 3}',
        '{"trait": []}',
        '{"tiers": [{"names": 1}]}',
    ],
)
def test_the_expert_view_refuses_what_no_form_could_show(vip: SchemeDraft, operator: Client, odd: str) -> None:
    form_data = {"has": "json", "seen": vip.at.isoformat(), "do": "save", "json": odd}
    assert "This is not valid JSON" in operator.post("/tiers/vip/edit/save/", form_data, follow=True).content.decode()
    assert SchemeDraft.objects.get().definition == vip.definition


@pytest.mark.parametrize(
    "odd",
    [
        '{"review": {"dates": 3}}',
        '{"tiers": [{"key": "A b", "line": {}, "keep": []}, {"key": "b"}]}',
        '{"among": 7}',
        '{"window": []}',
    ],
)
def test_what_is_odd_is_told_and_shown(vip: SchemeDraft, operator: Client, odd: str) -> None:
    form_data = {"has": "json", "seen": vip.at.isoformat(), "do": "save", "json": odd}
    html = operator.post("/tiers/vip/edit/save/", form_data, follow=True).content.decode()
    assert "mending" in html or "alert-warning" in html


def test_conditions_are_rows_of_widgets(own_workspace: Workspace, operator: Client) -> None:
    html = page(operator, "/tiers/need/edit/")
    assert 'name="rule-0-0-window" value="90"' in html
    submit_changes(operator, "need", do="row:add:rule-0")
    submit_changes(
        operator,
        "need",
        rule__0__1__trait="city",
        rule__0__1__is="=",
        rule__0__1__value="上海",
        rule__0__1__sort="text",
    )
    rule = SchemeDraft.objects.get().definition["rules"][0]["when"]
    assert rule["all"][1] == {"trait": "city", "is": "=", "value": "上海"}
    assert "city" in page(operator, "/tiers/need/edit/")


def test_the_sizes_follow_the_form_and_nothing_is_kept(vip: SchemeDraft, operator: Client) -> None:
    form_data = form_values(page(operator, "/tiers/vip/edit/"))
    html = operator.post("/tiers/vip/edit/preview/", form_data | {"tier-0-line": "200.01"}).content.decode()
    assert ("CN¥200.01" in html, 'id="sizes"' in html) == (True, True)
    assert SchemeDraft.objects.get().definition == vip.definition
    spread = operator.post("/tiers/vip/edit/preview/", form_data | {"part": "spread"}).content.decode()
    assert 'data-chart="distribution"' in spread
    assert "<svg" in spread


def test_without_script_the_effect_is_asked_for(vip: SchemeDraft, operator: Client) -> None:
    html = page(operator, "/tiers/vip/edit/?effect=1")
    assert 'data-chart="distribution"' in html
    assert "editor-sizes" in html


@pytest.mark.parametrize("goal", GOALS, ids=lambda goal: goal.key)
def test_every_question_of_the_wizard_leads_to_a_scheme(own_workspace: Workspace, operator: Client, goal: Any) -> None:
    response = operator.post("/tiers/new/begin/", {"goal": goal.key})
    assert response["Location"] == f"/tiers/my_{goal.key}/steps/measure/"
    define(SchemeDraft.objects.get().definition)
    for step in ("measure", "tiers"):
        address = f"/tiers/my_{goal.key}/steps/{step}/"
        operator.post(f"/tiers/my_{goal.key}/edit/save/", form_values(page(operator, address)))
    define(SchemeDraft.objects.get().definition)
    assert "Publish and refresh" in page(operator, f"/tiers/my_{goal.key}/simulate/?now=1&wizard=1")


def test_a_question_nobody_asked_is_not_found(own_workspace: Workspace, operator: Client) -> None:
    assert operator.post("/tiers/new/begin/", {"goal": "gold"}).status_code == 404
    assert operator.get("/tiers/value/steps/measure/").status_code == 404
    assert not SchemeDraft.objects.exists()


def test_a_simulation_says_who_moves_and_why(own_workspace: Workspace, operator: Client) -> None:
    submit_changes(operator, "loyalty", tier__0__line="80")
    html = page(operator, "/tiers/loyalty/simulate/?now=1")
    assert ": 0 customers move up, " in html
    assert "Loyal → Potentially loyal" in html
    assert re.search(r'href="/customers/c\d+/\?tab=why"', html)
    assert Job.objects.count() == 0


def test_a_simulation_reckons_the_cost(vip: SchemeDraft, operator: Client) -> None:
    html = page(operator, "/tiers/vip/simulate/?now=1")
    assert re.search(r"Total cost: CN¥[\d,]+ a year", html)


def test_without_a_draft_there_is_nothing_to_simulate(own_workspace: Workspace, operator: Client) -> None:
    assert "There is no draft to simulate" in page(operator, "/tiers/value/simulate/?now=1")


def test_publishing_and_rolling_back_through_the_pages(vip: SchemeDraft, operator: Client) -> None:
    form_data = {"note": "Autumn", "seen": vip.at.isoformat()}
    assert operator.post("/tiers/vip/publish/", form_data)["Location"] == "/tiers/vip/versions/"
    assert "Version 1 takes effect at the next refresh" in page(operator, "/tiers/")
    submit_changes(operator, tier__0__line="1500")
    operator.post("/tiers/vip/publish/", {"seen": SchemeDraft.objects.get().at.isoformat()})
    html = page(operator, "/tiers/vip/versions/?before=1&after=2")
    assert ("Autumn" in html, "Version 1 and version 2" in html, "gold · Line" in html) == (True, True, True)
    assert "differs from the current version in 1 place" in page(operator, "/tiers/vip/versions/1/")
    operator.post("/tiers/vip/versions/1/again/")
    assert library().published()["vip"].number == 3


def test_publishing_what_is_gone_says_so(own_workspace: Workspace, operator: Client) -> None:
    answer = operator.post("/tiers/value/publish/", {"seen": ""}, follow=True)
    assert "There is no draft of value" in answer.content.decode()


def test_a_scheme_is_retired_restored_copied_and_a_draft_discarded(own_workspace: Workspace, operator: Client) -> None:
    operator.post("/tiers/rfm/retire/")
    assert "rfm" not in library().published()
    assert "Retired at the next refresh" in page(operator, "/tiers/rfm/versions/")
    operator.post("/tiers/rfm/restore/")
    assert "rfm" in library().published()
    operator.post("/tiers/rfm/copy/")
    draft = SchemeDraft.objects.get()
    assert draft.scheme == "rfm_copy"
    operator.post("/tiers/rfm_copy/edit/discard/", {"seen": draft.at.isoformat()})
    assert not SchemeDraft.objects.exists()


def test_a_scheme_page_leads_to_its_settings(own_workspace: Workspace, operator: Client) -> None:
    submit_changes(operator, "value", tier__0__line="70")
    html = page(operator, "/tiers/value/")
    for address in ("edit", "simulate", "versions"):
        assert f'href="/tiers/value/{address}/"' in html
    assert "Draft" in html


PAGES = ("/tiers/new/", "/tiers/vip/edit/", "/tiers/vip/steps/tiers/", "/tiers/vip/simulate/", "/tiers/value/versions/")
OPEN_TO = {Role.ADMINISTRATOR: 5, Role.OPERATOR: 5, Role.ANALYST: 3, Role.AGENT: 1}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.AGENT])
def test_only_those_who_may_see_a_page(vip: SchemeDraft, signed_in: Callable[[Role], Client], role: Role) -> None:
    client = signed_in(role)
    readable = [address for address in PAGES if client.get(address).status_code == 200]
    assert len(readable) == OPEN_TO[role]


def test_an_analyst_looks_and_cannot_change(vip: SchemeDraft, signed_in: Callable[[Role], Client]) -> None:
    client = signed_in(Role.ANALYST)
    html = page(client, "/tiers/vip/edit/")
    assert ('fieldset class="stack" disabled' in html, "Save and simulate" in html) == (True, False)
    assert client.post("/tiers/vip/edit/save/", {}).status_code == 403
    assert client.post("/tiers/vip/publish/", {}).status_code == 403


@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_is_asked_to_sign_in(vip: SchemeDraft, stranger: Client, address: str) -> None:
    assert stranger.get(address).status_code == 302


@pytest.mark.parametrize("address", ["/tiers/nothing/edit/", "/tiers/nothing/versions/", "/tiers/value/versions/7/"])
def test_what_is_not_there_is_not_found(own_workspace: Workspace, operator: Client, address: str) -> None:
    assert operator.get(address).status_code == 404


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/tiers/new/", 3),
        ("/tiers/vip/edit/", 4),
        ("/tiers/vip/edit/?effect=1", 4),
        ("/tiers/vip/steps/tiers/", 4),
        ("/tiers/vip/simulate/", 3),
        ("/tiers/value/versions/", 4),
        ("/tiers/value/versions/1/", 3),
    ],
)
def test_a_page_asks_the_database_so_often(
    vip: SchemeDraft, operator: Client, address: str, queries: int, django_assert_num_queries: Callable[..., Any]
) -> None:
    operator.get(address)
    with django_assert_num_queries(queries):
        operator.get(address)


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
def test_every_page_speaks_every_language(vip: SchemeDraft, operator: Client, language: str) -> None:
    operator.cookies["django_language"] = language
    for address in (*PAGES, "/tiers/vip/simulate/?now=1", *(f"/tiers/{key}/edit/" for key in BUILT_IN)):
        page(operator, address)
