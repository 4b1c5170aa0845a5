"""The pages of playbooks and tasks: content, permissions and query counts."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from python_calamine import CalamineWorkbook
from tests.server.playbooks.conftest import SignedIn, database_state, ids_in, make

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.playbooks.models import OwnPlaybook, Task
from custrata.apps.playbooks.queries import tier_customers
from custrata.lake import Workspace
from custrata.tiering import BUILT_IN
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
READABLE = ("/playbooks/", "/playbooks/value/high/", "/playbooks/customers/c007/", "/tasks/", "/tasks/{task}/")
EDITING = ("/playbooks/value/high/edit/", "/playbooks/value/high/restore/")
DOING = ("/playbooks/-/next/", "/tasks/{task}/finish/", "/tasks/{task}/reopen/", "/tasks/{task}/hand-over/")
MAKE = "/playbooks/value/high/task/tailor_made/"
FILLED = {"title": "Make an offer", "due": "2099-01-31", "assignee": "", "customer": "c007", "whom": "customer"}
NEXT = {"customer_id": "c007", "scheme": "value", "tier": "high", "action": "tailor_made"}


@pytest.fixture
def task(workspace: Workspace) -> Task:
    """An unassigned task for c007."""
    return make(None)


def page(client: Client, address: str, language: str = "en") -> str:
    response = client.get(address, headers={"accept-language": language})
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("address", READABLE)
def test_every_role_sees_playbooks_and_tasks(task: Task, signed_in: SignedIn, role: Role, address: str) -> None:
    assert signed_in(role).get(address.format(task=task.pk)).status_code == 200


@pytest.mark.parametrize(("role", "status"), [(Role.AGENT, 403), (Role.ANALYST, 403), (Role.OPERATOR, 200)])
def test_only_operators_and_administrators_edit(
    workspace: Workspace, signed_in: SignedIn, role: Role, status: int
) -> None:
    assert signed_in(role).get(EDITING[0]).status_code == status


@pytest.mark.parametrize("address", DOING)
def test_an_analyst_does_nothing(task: Task, signed_in: SignedIn, address: str) -> None:
    before = database_state()
    assert signed_in(Role.ANALYST).post(address.format(task=task.pk), NEXT).status_code == 403
    assert database_state() == before


@pytest.mark.parametrize("address", [*READABLE, *EDITING, *DOING, MAKE])
def test_a_stranger_is_asked_to_sign_in(task: Task, stranger: Client, address: str) -> None:
    before = database_state()
    for ask in (stranger.get, stranger.post):
        answer = ask(address.format(task=task.pk))
        assert (answer.status_code, answer.headers["Location"].startswith("/account/sign-in/")) == (302, True)
    assert database_state() == before


@pytest.mark.parametrize("whom", ["each", "whole"])
def test_an_agent_makes_tasks_for_one_customer_only(workspace: Workspace, signed_in: SignedIn, whom: str) -> None:
    agent = signed_in(Role.AGENT)
    assert agent.post(MAKE, FILLED | {"whom": whom}).status_code == 403
    assert "For the whole tier" not in page(agent, MAKE)
    assert agent.post(MAKE, FILLED).status_code == 302
    assert Task.objects.get().customer_id == "c007"


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/playbooks/", 3),
        ("/playbooks/value/high/", 3),
        ("/playbooks/value/high/edit/", 3),
        (MAKE, 4),
        ("/playbooks/customers/c007/", 5),
        ("/tasks/?whose=all", 4),
        ("/tasks/{task}/", 5),
    ],
)
def test_a_page_asks_the_database_little(
    task: Task, operator: Client, address: str, queries: int, django_assert_num_queries: Any
) -> None:
    page(operator, address.format(task=task.pk))
    with django_assert_num_queries(queries):
        page(operator, address.format(task=task.pk))


def test_the_list_shows_every_tier_of_every_scheme(operator: Client) -> None:
    html = page(operator, "/playbooks/")
    tiers = [(key, tier) for key, scheme in BUILT_IN.items() for tier in scheme.tiers]
    assert [pair for pair in tiers if f'href="/playbooks/{pair[0]}/{pair[1]}/"' not in html] == []
    assert "Birthday" in html


def test_the_list_shows_one_scheme_alone(operator: Client) -> None:
    html = page(operator, "/playbooks/?scheme=rfm")
    assert 'href="/playbooks/rfm/111/"' in html
    assert 'href="/playbooks/value/high/"' not in html


def test_a_playbook_shows_its_actions_by_kind(operator: Client) -> None:
    html = page(operator, "/playbooks/value/high/")
    assert all(f'id="kind-{kind}"' in html for kind in ("touch", "offer", "benefit", "service", "learn"))
    assert f'href="{MAKE}"' in html


@pytest.mark.parametrize(
    ("language", "aim"), [("zh-hans", "重点保护"), ("zh-hant", "重點保護"), ("en", "Protect them")]
)
def test_a_playbook_speaks_the_readers_language(workspace: Workspace, stranger: Client, signed_in: SignedIn,
                                                language: str, aim: str) -> None:  # fmt: skip
    client = signed_in(Role.ANALYST)
    User.objects.update(language=language)
    assert aim in page(client, "/playbooks/value/high/", language)


@pytest.mark.parametrize("address", ["/playbooks/value/golden/", "/playbooks/nothing/high/", "/tasks/999/",
                                     "/playbooks/customers/nobody/", "/playbooks/value/high/task/sing/"])  # fmt: skip
def test_what_is_not_there_is_not_found(operator: Client, address: str) -> None:
    assert operator.get(address).status_code == 404


def edited(client: Client, **other: str) -> Any:
    sent = {"aim": "Spoil them", "meaning": "The few", "actions-TOTAL_FORMS": "2", "actions-INITIAL_FORMS": "1"}
    sent |= {"actions-0-key": "tailor_made", "actions-0-kind": "offer", "actions-0-area": "sales"}
    sent |= {"actions-0-text": "Whatever they like", "actions-0-due_days": "3", "actions-1-kind": "touch"}
    return client.post(EDITING[0], sent | {"actions-1-area": "care", "actions-1-text": ""} | other)


def test_it_is_edited_and_restored_on_its_page(operator: Client) -> None:
    assert edited(operator).headers["Location"] == "/playbooks/value/high/"
    html = page(operator, "/playbooks/value/high/")
    assert "Spoil them" in html
    assert "Edited by" in html
    assert "Restore the default playbook?" in page(operator, EDITING[1])
    operator.post(EDITING[1])
    assert not OwnPlaybook.objects.exists()


@pytest.mark.parametrize("wrong", [{"aim": ""}, {"actions-0-due_days": "soon"}, {"actions-0-text": ""}])
def test_the_form_says_what_is_wrong(operator: Client, wrong: dict[str, str]) -> None:
    assert edited(operator, **wrong).status_code == 422
    assert not OwnPlaybook.objects.exists()


def test_tasks_for_each_of_a_tier_are_made_when_confirmed(workspace: Workspace, operator: Client) -> None:
    many = tier_customers("value", "high")
    response = operator.post(MAKE, FILLED | {"whom": "each"})
    assert (response.status_code, Task.objects.count()) == (200, 0)
    assert f"Create {many} tasks" in response.content.decode()
    operator.post(MAKE, FILLED | {"whom": "each", "seen": str(many)})
    assert Task.objects.count() == many


def test_a_tier_that_changed_meanwhile_is_shown_again(operator: Client) -> None:
    answer = operator.post(MAKE, FILLED | {"whom": "each", "seen": "1"})
    assert b"customers, not 1" in answer.content
    assert not Task.objects.exists()


def test_a_task_for_the_whole_tier_is_one(operator: Client) -> None:
    operator.post(MAKE, FILLED | {"whom": "whole", "customer": ""})
    assert Task.objects.get().customer is None


@pytest.mark.parametrize(
    "wrong", [{"customer": ""}, {"customer": "nobody"}, {"customer": "c00"}, {"due": "2001-01-01"}, {"title": ""}]
)
def test_the_form_of_a_task_says_what_is_wrong(operator: Client, wrong: dict[str, str]) -> None:
    assert operator.post(MAKE, FILLED | wrong).status_code == 422
    assert not Task.objects.exists()


def test_the_next_steps_follow_the_customers_tiers(workspace: Workspace, operator: Client) -> None:
    whom = ids_in(workspace, "value", "high")[0]
    html = page(operator, f"/playbooks/customers/{whom}/")
    assert 'href="/playbooks/value/high/"' in html
    assert html.index('href="/playbooks/lifecycle/') < html.index('href="/playbooks/usage_cycle/')


def test_a_next_step_becomes_a_task_at_once(operator: Client) -> None:
    assert operator.post("/playbooks/-/next/", NEXT).headers["Location"] == "/customers/c007/"
    part = operator.post("/playbooks/-/next/", NEXT, headers={"hx-request": "true"}).content.decode()
    assert "The same task is already open" in part
    assert Task.objects.get().assignee == User.objects.get(username="operator")


def test_the_customers_page_asks_for_the_next_steps(operator: Client) -> None:
    assert 'hx-get="/playbooks/customers/c007/"' in page(operator, "/customers/c007/")


def test_a_schemes_page_leads_to_its_playbooks(operator: Client) -> None:
    assert 'href="/playbooks/value/high/"' in page(operator, "/tiers/value/")


def test_a_task_is_finished_and_opened_on_its_page(task: Task, operator: Client) -> None:
    operator.post(f"/tasks/{task.pk}/finish/", {"result": "They liked it"})
    assert "They liked it" in page(operator, f"/tasks/{task.pk}/")
    operator.post(f"/tasks/{task.pk}/finish/", {"result": "Twice"})
    operator.post(f"/tasks/{task.pk}/reopen/")
    assert (Task.objects.get().state, Task.objects.get().result) == ("open", "They liked it")


def test_a_task_is_dropped_and_handed_over_on_its_page(task: Task, operator: Client) -> None:
    me = User.objects.get(username="operator")
    operator.post(f"/tasks/{task.pk}/hand-over/", {"assignee": str(me.pk), "due": "2099-01-31"})
    assert Task.objects.get().assignee == me
    operator.post(f"/tasks/{task.pk}/finish/", {"drop": "1"})
    assert b"Give a reason for dropping the task" in operator.get(f"/tasks/{task.pk}/").content
    operator.post(f"/tasks/{task.pk}/finish/", {"drop": "1", "result": "Moved away"})
    assert Task.objects.get().state == "dropped"


def test_a_form_that_is_no_use_says_so(task: Task, operator: Client) -> None:
    operator.post(f"/tasks/{task.pk}/hand-over/", {"assignee": "somebody"})
    operator.post(f"/tasks/{task.pk}/finish/", {"result": "x" * 5_001})
    assert b"values are invalid" in operator.get(f"/tasks/{task.pk}/").content
    assert operator.post("/playbooks/-/next/", {}).status_code == 400


@pytest.mark.parametrize(
    ("query", "is_listed"),
    [("", False), ("?whose=all", True), ("?whose=nobody", True), ("?whose=all&stands=overdue", True),
     ("?whose=all&stands=done", False), ("?whose=all&scheme=rfm", False), ("?whose=whoever&stands=how", False)],
)  # fmt: skip
def test_tasks_are_found_by_whose_and_how_they_stand(task: Task, operator: Client, query: str, is_listed: bool) -> None:
    assert ("Make an offer" in page(operator, f"/tasks/{query}")) == is_listed


def test_every_task_is_on_one_of_the_pages(workspace: Workspace, operator: Client) -> None:
    for number in range(1, 121):
        make(None, customer_id=f"c{number:03}")
    first = page(operator, "/tasks/?whose=all")
    assert first.count('<th scope="row">') == 50
    following = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert page(operator, f"/tasks/{following}").count('<th scope="row">') == 50


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_tasks_are_exported_and_that_is_audited(task: Task, operator: Client, kind: str) -> None:
    answer: Any = operator.post("/tasks/export/?whose=all", {"file": kind})
    content = b"".join(answer.streaming_content)
    cells = (
        content.decode()
        if kind == "csv"
        else str(CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python())
    )
    assert "Make an offer" in cells
    assert Change.objects.filter(action="playbooks.export").count() == 1


def test_an_agent_may_not_export(task: Task, signed_in: Callable[[Role], Client], operator: Client) -> None:
    assert signed_in(Role.AGENT).post("/tasks/export/", {"file": "csv"}).status_code == 403
    assert operator.post("/tasks/export/", {"file": "exe"}).status_code == 404
    assert not Change.objects.filter(action="playbooks.export").exists()


@pytest.mark.parametrize(("due", "message"), [("2025-07-02", "1 of your tasks is overdue"), ("2999-01-01", "")])
def test_the_overview_says_what_of_ones_own_is_overdue(task: Task, operator: Client, due: str, message: str) -> None:
    Task.objects.update(assignee=User.objects.get(username="operator"), due=due)
    html = page(operator, "/")
    assert ("your task" in html) == bool(message)
    assert message in html
