"""Two people open the same form: saving a stale form overwrites nothing, and keeps what was typed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection, connections
from django.test import Client
from tests.server.api.conftest import make_program, reset_counters
from tests.server.conftest import AT, Person
from tests.server.hostile.forms import Form, forms_of

from custrata.apps.customers.models import Customer
from custrata.apps.jobs.actions import set_schedule
from custrata.apps.schemes.actions import save_draft
from custrata.apps.tiers.actions import end_override, set_override
from custrata.apps.tiers.actions.overriding import NothingToEnd
from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = pytest.mark.database

__all__ = ["make_program", "reset_counters"]

# URL of the form, a field, and the values that a first and a second person enter.
FORMS = {
    "playbook": ("/playbooks/value/high/edit/", "aim", "First", "Second"),
    "workspace": ("/account/workspace/", "name", "First", "Second"),
    "me": ("/account/me/", "name", "First", "Second"),
    "tier by hand": ("/tiers/value/by-hand/c001/", "reason", "First", "Second"),
    "attribute": ("/customers/c001/?edit=city", "value", "First", "Second"),
    "schedule": ("/jobs/schedule/refresh/", "cron", "0 4 * * *", "0 5 * * *"),
}


def form_with_field(client: Client, address: str, name: str) -> Form:
    """The form of a page that carries the version it showed and has a field of that name."""
    forms = forms_of(address, client.get(address).content.decode())
    return next(form for form in forms if {"opened", name} <= {field for field, _ in form.fields})


def submit_field(client: Client, form: Form, name: str, typed: str) -> Any:
    """Submit the form with one field changed."""
    return client.post(form.action, {**dict(form.fields), name: typed})


def page_text(answer: Any) -> str:
    """The text of a page and of its messages."""
    notices = " ".join(str(message) for message in get_messages(answer.wsgi_request))
    return unescape(answer.content.decode() + notices)


@pytest.fixture
def client(own_workspace: Workspace, signed_in: Callable[[Role], Client]) -> Client:
    client = signed_in(Role.ADMINISTRATOR)
    Customer.objects.get_or_create(customer_id="c001", defaults={"name": "王001", "mark": 1})
    set_schedule(kind="refresh", cron="0 3 * * *", zone="UTC", enabled=True, actor=None, at=AT)
    return client


@pytest.mark.parametrize("form", FORMS)
def test_the_second_to_save_is_told_what_the_first_changed(client: Client, form: str) -> None:
    address, name, first, second = FORMS[form]
    mine, theirs = form_with_field(client, address, name), form_with_field(client, address, name)
    assert submit_field(client, theirs, name, first).status_code == 302
    refused = submit_field(client, mine, name, second)
    page = client.get(refused.headers["Location"]) if refused.status_code == 302 else refused
    assert f"→ {first}" in page_text(refused) + page_text(page)
    assert second in unescape(page.content.decode()), "what was typed is kept"
    again = submit_field(client, form_with_field(client, address, name), name, second)
    assert again.status_code == 302
    assert "after you opened it" not in page_text(again)


def test_a_role_that_somebody_changed_meanwhile_stays(client: Client, person: Person) -> None:
    someone = person(Role.ANALYST)
    form = form_with_field(client, f"/account/people/{someone.pk}/", "role")
    submit_field(client, form, "role", "operator")
    submit_field(client, form, "role", "agent")
    someone.refresh_from_db()
    assert someone.role == "operator"


def test_a_draft_keeps_what_was_typed_and_tells_what_was_saved(client: Client, own_workspace: Workspace) -> None:
    tiers = [{"key": "gold", "line": 1000}, {"key": "basic"}]
    vip: dict[str, Any] = {"kind": "threshold", "trait": "spend", "names": {"en": "VIP"}, "tiers": tiers}
    draft = save_draft(key="vip", definition=vip, note="", revision=None, actor=None, at=AT)
    newer = {**vip, "names": {"en": "Newer"}}
    save_draft(key="vip", definition=newer, note="", revision=draft.at, actor=None, at=AT.replace(hour=5))
    typed = {"has": "names", "names-en": "Typed", "seen": draft.at.isoformat()}
    refused = client.post("/tiers/vip/edit/save/", typed)
    assert refused.status_code == 409
    assert "Typed → Newer" in page_text(refused)
    assert 'value="Typed"' in refused.content.decode()


def test_a_program_that_names_its_version_overwrites_no_other(own_workspace: Workspace, make_program: Any) -> None:
    program = make_program()
    Customer.objects.get_or_create(customer_id="c001", defaults={"name": "王001", "mark": 1})
    address = "/api/v1/customers/c001/tiers/value/override"
    send: dict[str, Any] = {"content_type": "application/json", "headers": {"Authorization": f"Bearer {program.token}"}}
    first = Client().post(address, {"tier": "high", "reason": "one"}, **send)
    Client().post(address, {"tier": "low", "reason": "two"}, **send)
    send["headers"] |= {"If-Match": first.headers["ETag"]}
    late = Client().post(address, {"tier": "high", "reason": "three"}, **send)
    assert (late.status_code, late.json()["code"]) == (412, "VersionDiffers")


def test_a_scheme_that_another_program_changed_is_not_rolled_back(own_workspace: Workspace, make_program: Any) -> None:
    token = {"Authorization": f"Bearer {make_program().token}", "If-Match": '"another"'}
    options: dict[str, Any] = {"content_type": "application/json", "headers": token}
    assert Client().get("/api/v1/schemes/value", headers=token).headers["ETag"]
    answer = Client().post("/api/v1/schemes/value/rollback", {"version": 1}, **options)
    assert (answer.status_code, answer.json()["code"]) == (412, "VersionDiffers")


@pytest.mark.django_db(transaction=True)
def test_set_and_taken_back_at_once_neither_fails(own_workspace: Workspace) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite lets one write at a time; `make postgresql` runs this")
    Customer.objects.get_or_create(customer_id="c001", defaults={"name": "王001", "mark": 1})
    failures: list[Exception] = []

    def decide(number: int) -> None:
        who: dict[str, Any] = {"customer_id": "c001", "scheme": "value", "actor": None, "at": AT}
        try:
            for _ in range(25):
                try:
                    end_override(**who) if number % 2 else set_override(**who, tier="high", reason="x", until=None)
                except NothingToEnd:
                    continue
        except Exception as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=decide, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
