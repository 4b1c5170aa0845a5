"""Sessions expire when idle and after their maximum age; a password set by somebody else must be changed first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import Settings
from tests.server.accounts.conftest import PASSWORD
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.conftest import AT, Person

from custrata.apps.accounts.actions import PasswordUnchanged, change_password, create_person
from custrata.apps.accounts.models import SignIn, User
from custrata.web.rights import Role
from custrata.web.sessions import expiry_of

NEW = "seven green chairs"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.ANALYST)


def ends_in() -> timedelta:
    return Session.objects.get().expire_date - timezone.now()


def test_a_session_ends_after_twelve_hours_unused(anna: User, browser: Browser) -> None:
    here = browser(anna)
    assert timedelta(hours=11, minutes=59) < ends_in() < timedelta(hours=12, minutes=1)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert here.get("/account/me/").status_code == 302


def test_use_lets_it_last(anna: User, browser: Browser) -> None:
    here = browser(anna)
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    cache.clear()
    here.get("/account/me/")
    assert ends_in() > timedelta(hours=11)


def test_no_use_lets_it_last_longer_than_two_weeks(anna: User, browser: Browser) -> None:
    here = browser(anna)
    SignIn.objects.update(since=timezone.now() - timedelta(days=13, hours=23))
    cache.clear()
    here.get("/account/me/")
    assert ends_in() < timedelta(hours=1, minutes=1)


@pytest.mark.parametrize(("used", "hours"), [(0, 12), (13 * 24, 12), (13.75 * 24, 6), (14 * 24, 0)])
def test_the_end_is_the_earlier_of_both(used: float, hours: float, settings: Settings) -> None:
    at = AT + timedelta(hours=used)
    assert expiry_of(AT, at) - at == timedelta(hours=hours)
    settings.IDLE_HOURS = 0.5
    assert expiry_of(AT, AT) - AT == timedelta(minutes=30)


def test_the_person_is_loaded_with_the_session(anna: User, browser: Browser) -> None:
    here = browser(anna)
    with CaptureQueriesContext(connection) as queries:
        assert here.get("/account/me/").status_code == 200
    assert [query["sql"].count(User._meta.db_table) > 0 for query in queries if "SELECT" in query["sql"]] == [True]


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": make_password(NEW)}])
def test_a_change_of_the_person_holds_at_once(anna: User, browser: Browser, change: dict[str, Any]) -> None:
    here = browser(anna)
    User.objects.update(**change)
    assert here.get("/account/me/").status_code == 302


def test_a_changed_role_holds_at_once(anna: User, browser: Browser) -> None:
    here = browser(anna)
    User.objects.update(role=Role.ADMINISTRATOR)
    assert here.get("/account/people/").status_code == 200
    User.objects.update(role=Role.AGENT)
    assert here.get("/account/people/").status_code == 403


def test_the_session_of_another_person_is_none(anna: User, person: Person, browser: Browser) -> None:
    here, administrator = browser(anna), person(Role.ADMINISTRATOR)
    SignIn.objects.update(person=administrator)
    assert here.get("/account/people/").status_code == 403


def test_the_cookie_lives_as_long_as_a_session_can(anna: User, stranger: Client) -> None:
    answer = stranger.post("/account/sign-in/", {"username": "analyst", "password": PASSWORD})
    assert answer.cookies["sessionid"]["max-age"] == 14 * 24 * 3600


def test_a_password_somebody_else_chose_is_changed_first(browser: Browser) -> None:
    created = create_person(username="ada", role="administrator", at=AT)
    here = browser(created.user, created.password)
    for page in ("/start/", "/account/me/", "/account/people/", "/account/me/second-step/"):
        assert here.get(page).headers["Location"] == "/account/me/password/"
    assert "Someone else set" in here.get("/account/me/password/").content.decode()
    assert change(here, created.password, created.password).status_code == 422
    assert change(here, created.password, NEW).status_code == 302
    assert here.get("/account/people/").status_code == 200


def change(client: Client, present: str, new: str) -> Any:
    return client.post("/account/me/password/", {"present": present, "password": new, "repeated": new})


def test_a_password_of_ones_own_choice_need_not_be_changed(db: None) -> None:
    assert not create_person(username="ada", role="agent", password=NEW, at=AT).user.must_change_password


def test_the_same_password_is_no_change(anna: User) -> None:
    with pytest.raises(PasswordUnchanged):
        change_password(person=anna, present=PASSWORD, password=PASSWORD, keep=None, at=AT)


@pytest.mark.parametrize("password", ["1q2w3e4r5t6y", "Qwertyuiop", "basketball", "MANCHESTER"])
def test_a_password_of_the_leaks_is_refused(anna: User, browser: Browser, password: str) -> None:
    page = change(browser(anna), PASSWORD, password)
    assert page.status_code == 422
    assert "This password is too common" in page.content.decode()


@pytest.mark.parametrize("password", ["Custrata-2026", "My-Test-Custrata", "test.test.test1"])
def test_a_password_of_the_names_here_is_refused(anna: User, browser: Browser, password: str) -> None:
    page = change(browser(anna), PASSWORD, password)
    assert "little more than the name of the product or the workspace" in page.content.decode()


def test_names_here_do_no_harm_in_a_long_password(anna: User, browser: Browser) -> None:
    assert change(browser(anna), PASSWORD, "seven custrata chairs").status_code == 302


def test_the_list_of_leaked_passwords_is_whole() -> None:
    from django.contrib.auth.password_validation import get_default_password_validators

    listed = [validator.passwords for validator in get_default_password_validators() if hasattr(validator, "passwords")]
    assert sorted(map(len, listed)) == [19_640, 100_000]


def test_another_email_address_takes_the_password(anna: User, browser: Browser) -> None:
    here, form = browser(anna), {"email": "anna@example.com", "language": "en", "theme": "auto"}
    for present in ("", "guess"):
        assert here.post("/account/me/", {**form, "present": present}).status_code == 422
    assert User.objects.get().email == ""
    assert here.post("/account/me/", {**form, "present": PASSWORD}).status_code == 302
    assert here.post("/account/me/", {**form, "name": "Anna"}).status_code == 302
