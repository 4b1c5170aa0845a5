"""Protection against guessing: limits by address and overall, folded names, and the log."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from pytest_django.fixtures import Settings
from tests.server.accounts.conftest import PASSWORD
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.accounts.test_sign_in import attempt
from tests.server.conftest import AT, Person

from custrata.apps.accounts.actions import UserNameTaken, create_person
from custrata.apps.accounts.models import User
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
SPELT = ["analyſt", "ANALYST", "ａｎａｌｙｓｔ", " Analyst ", "ＡＮＡＬＹＳＴ"]


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.ANALYST)


@pytest.mark.parametrize("name", SPELT)
def test_a_name_is_one_person_however_it_is_spelt(anna: User, stranger: Client, name: str) -> None:
    assert attempt(stranger, PASSWORD, username=name).status_code == 302


def test_no_spelling_of_a_name_gives_more_tries(anna: User, stranger: Client) -> None:
    assert [attempt(stranger, username=name).status_code for name in SPELT] == [422] * 4 + [429]
    assert AccessAttempt.objects.values_list("username", flat=True).get() == "analyst"


@pytest.mark.parametrize("second", ["Straße", "STRASSE", "ｓｔｒａｓｓｅ"])
def test_two_people_have_two_names(db: None, second: str) -> None:
    create_person(username="strasse", role="agent", at=AT)
    with pytest.raises(UserNameTaken):
        create_person(username=second, role="agent", at=AT)


def test_many_names_from_one_address_are_put_off(anna: User, settings: Settings) -> None:
    settings.SIGN_IN_PER_ADDRESS = 6
    assert {attempt(Client(), username=f"user{number}").status_code for number in range(6)} == {422}
    refused = attempt(Client(), PASSWORD)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "900")
    assert attempt(Client(REMOTE_ADDR="10.0.0.9"), PASSWORD).status_code == 302


def test_a_whole_network_of_ipv6_is_one_address(anna: User, settings: Settings) -> None:
    settings.SIGN_IN_PER_ADDRESS = 6
    for number in range(6):
        attempt(Client(REMOTE_ADDR=f"2001:db8:1:2::{number}"), username=f"user{number}")
    assert attempt(Client(REMOTE_ADDR="2001:db8:1:2:9::9"), PASSWORD).status_code == 429
    assert attempt(Client(REMOTE_ADDR="2001:db8:1:3::1"), PASSWORD).status_code == 302


def test_many_addresses_at_once_are_put_off_but_where_somebody_is_signed_in(
    anna: User, browser: Browser, settings: Settings
) -> None:
    settings.SIGN_IN_OVERALL = 6
    browser(anna)
    for number in range(6):
        attempt(Client(REMOTE_ADDR=f"10.0.1.{number}"), username=f"user{number}")
    assert attempt(Client(REMOTE_ADDR="10.0.2.1"), PASSWORD).status_code == 429
    assert attempt(Client(), PASSWORD).status_code == 302


@pytest.mark.parametrize("forwarded", ["unknown", "10.0.0.7:4431", "[2001:db8::1]:443", "x" * 300, "1.2.3.4, "])
def test_whatever_a_proxy_writes_is_no_error(anna: User, settings: Settings, forwarded: str) -> None:
    settings.PROXIES = 1
    assert attempt(Client(headers={"x-forwarded-for": forwarded}), PASSWORD).status_code == 302


def test_the_present_password_is_guessed_five_times_and_kept_nowhere(anna: User, browser: Browser) -> None:
    here = browser(anna)
    form = {"present": "my other secret", "password": "seven green chairs", "repeated": "seven green chairs"}
    pages = [here.post("/account/me/password/", form).content.decode() for _ in range(6)]
    assert "current password is incorrect" in pages[0]
    assert "Try again in 15 minutes" in pages[5]
    attempts = str(list(AccessAttempt.objects.values()))
    assert "my other secret" not in attempts
    assert "seven green" not in attempts


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, Any, Any]]:
    records = [record for record in caplog.records if record.name == "custrata.security"]
    return [(record.message, record.__dict__["user"], record.__dict__["address"]) for record in records]


def test_who_came_in_and_who_did_not_is_logged(anna: User, stranger: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "custrata.security")
    attempt(stranger, "my other secret", username="ANALYſT")
    attempt(stranger, "my other secret", username="MyPassw0rdInTheWrongField")
    attempt(stranger, PASSWORD)
    assert lines(caplog) == [
        ("sign_in_failed", "analyst", "127.0.0.1"),
        ("sign_in_failed", "-", "127.0.0.1"),
        ("signed_in", "analyst", "127.0.0.1"),
    ]
    assert "secret" not in json.dumps([record.__dict__ for record in caplog.records], default=str)


def test_who_was_refused_is_logged(anna: User, browser: Browser, caplog: pytest.LogCaptureFixture) -> None:
    here = browser(anna)
    caplog.clear()
    assert here.get("/account/people/").status_code == 403
    assert Client().get("/api/v1/schemes").status_code == 401
    assert lines(caplog) == [("refused", "analyst", "127.0.0.1"), ("refused", "-", "127.0.0.1")]
