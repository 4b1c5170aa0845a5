"""The page of tokens: for administrators, a new one is shown once, revoking asks for confirmation."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from custrata.apps.connect.models import Token
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
FILLED: dict[str, Any] = {"name": "Till", "scopes": ["read:schemes", "read:runs"], "days": "90"}
TOKEN_TEXT = re.compile(r"cst_[0-9a-f]{12}_[\w-]{43}")
SignIn = Callable[[Role], Client]


@pytest.fixture
def chief(signed_in: SignIn) -> Client:
    return signed_in(Role.ADMINISTRATOR)


def test_a_new_token_is_shown_once(chief: Client) -> None:
    answer = chief.post("/tokens/", FILLED)
    assert TOKEN_TEXT.search(answer.content.decode())
    assert "no-store" in answer.headers["Cache-Control"]
    assert not TOKEN_TEXT.search(chief.get("/tokens/").content.decode())


def test_it_lasts_as_long_as_was_chosen(chief: Client) -> None:
    chief.post("/tokens/", FILLED)
    chief.post("/tokens/", {**FILLED, "days": ""})
    first, second = Token.objects.order_by("pk")
    assert first.expires_at is not None
    assert first.expires_at - first.made_at == timedelta(days=90)
    assert second.expires_at is None


def test_what_is_missing_is_said_and_what_was_filled_in_stays(chief: Client) -> None:
    answer = chief.post("/tokens/", {"name": "Till", "days": "30"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose at least one scope for the token." in page
    assert 'value="Till"' in page
    assert '<option value="30" selected>' in page
    assert not Token.objects.exists()


def test_revoking_asks_first(chief: Client) -> None:
    chief.post("/tokens/", FILLED)
    number = Token.objects.get().pk
    assert "Revoke “Till”?" in chief.get(f"/tokens/{number}/revoke/").content.decode()
    assert Token.objects.get().revoked_at is None
    answer = chief.post(f"/tokens/{number}/revoke/", follow=True)
    assert "Token “Till” was revoked." in answer.content.decode()
    assert Token.objects.get().revoked_at is not None


def test_revoking_twice_says_so(chief: Client) -> None:
    chief.post("/tokens/", FILLED)
    for _ in range(2):
        answer = chief.post(f"/tokens/{Token.objects.get().pk}/revoke/", follow=True)
    assert "it was revoked already" in answer.content.decode()


def test_the_list_takes_few_queries_however_long_it_is(chief: Client, django_assert_num_queries: Any) -> None:
    for _ in range(5):
        chief.post("/tokens/", FILLED)
    with django_assert_num_queries(3):  # the session, the person, the tokens with their makers
        chief.get("/tokens/")


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_others_are_refused(signed_in: SignIn, role: Role) -> None:
    client = signed_in(role)
    assert [client.get("/tokens/").status_code, client.post("/tokens/", FILLED).status_code] == [403, 403]
    assert not Token.objects.exists()
