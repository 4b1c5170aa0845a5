"""The own account: page, password and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests.server.accounts.conftest import PASSWORD
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.conftest import AT, Person

from custrata.apps.accounts.actions import WrongPassword, change_password, delete_expired
from custrata.apps.accounts.models import SignIn, User
from custrata.apps.accounts.queries import device_name
from custrata.apps.audit.models import Change
from custrata.apps.jobs.actions.registry import CHECKS
from custrata.web.rights import Role

NEW = "seven green chairs"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.AGENT)


def change(client: Client, present: str = PASSWORD, password: str = NEW, repeated: str = "") -> Any:
    form = {"present": present, "password": password, "repeated": repeated or password}
    return client.post("/account/me/password/", form)


def test_changes_name_address_language_and_looks(anna: User, browser: Browser) -> None:
    form = {"name": "Anna", "email": "anna@example.com", "language": "zh-hant", "theme": "dark"}
    client = browser(anna)
    assert "已儲存" in client.post("/account/me/", {**form, "present": PASSWORD}, follow=True).content.decode()
    user = User.objects.get()
    assert (user.name, user.email, user.language, user.theme) == tuple(form.values())
    row = Change.objects.get(action="accounts.change_me")
    assert (row.before, row.after) == ({"name": "", "email": "", "language": "en", "theme": ""}, form)


def test_saving_the_same_changes_nothing(anna: User, browser: Browser) -> None:
    client = browser(anna)
    for _ in range(2):
        client.post("/account/me/", {"name": "Anna", "language": "en", "theme": "dark"})
    assert Change.objects.filter(action="accounts.change_me").count() == 1


def test_refuses_what_is_no_address(anna: User, browser: Browser) -> None:
    page = browser(anna).post("/account/me/", {"email": "nobody", "language": "en", "theme": "auto"})
    assert page.status_code == 422
    assert "This is not an email address." in page.content.decode()
    assert User.objects.get().email == ""


def test_a_new_password_ends_every_other_session_and_keeps_this_one(anna: User, browser: Browser) -> None:
    here, there = browser(anna), browser(anna)
    since = SignIn.objects.order_by("pk").first()
    assert change(here).url == "/account/me/"
    assert here.get("/account/me/").status_code == 200
    assert there.get("/account/me/").status_code == 302
    assert SignIn.objects.get().since == since.since  # type: ignore[union-attr]  # there were two
    assert browser(anna, NEW).get("/account/me/").status_code == 200


def test_the_session_has_another_key_after_a_new_password(anna: User, browser: Browser) -> None:
    here = browser(anna)
    old_key = here.session.session_key
    change(here)
    assert old_key != here.session.session_key
    assert not Session.objects.filter(session_key=old_key).exists()


def test_needs_the_present_password(anna: User, browser: Browser) -> None:
    page = change(browser(anna), present="guess")
    assert page.status_code == 422
    assert "The current password is incorrect" in page.content.decode()
    with pytest.raises(WrongPassword):
        change_password(person=anna, present="guess", password=NEW, keep=None, at=AT)
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(("password", "repeated"), [("short", ""), ("password123", ""), (NEW, "another one")])
def test_a_new_password_keeps_the_rules(anna: User, browser: Browser, password: str, repeated: str) -> None:
    assert change(browser(anna), password=password, repeated=repeated).status_code == 422
    assert User.objects.get().check_password(PASSWORD)


def test_neither_password_is_written_down(anna: User, browser: Browser) -> None:
    change(browser(anna))
    written = str(list(Change.objects.values()))
    assert PASSWORD not in written
    assert NEW not in written


def test_sees_where_one_is_signed_in(anna: User, browser: Browser, django_assert_num_queries: Any) -> None:
    here = browser(anna, agent="Mozilla/5.0 (Windows NT 10.0) Firefox/130.0")
    browser(anna, agent="Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1")
    here.get("/account/me/sessions/")
    with django_assert_num_queries(2):  # session with person, places
        page = here.get("/account/me/sessions/").content.decode()
    assert page.index("Firefox · Windows") < page.index("this device") < page.index("Safari · iPhone")
    assert "127.0.0.1" in page
    assert str(here.session.session_key) not in page


def test_ends_one_session(anna: User, browser: Browser) -> None:
    here, there = browser(anna), browser(anna)
    number = SignIn.objects.get(session_id=there.session.session_key).pk
    here.post(f"/account/me/sessions/{number}/end/")
    assert (here.get("/account/me/").status_code, there.get("/account/me/").status_code) == (200, 302)


def test_ends_all_other_sessions(anna: User, browser: Browser) -> None:
    here, other_browsers = browser(anna), [browser(anna) for _ in range(2)]
    assert "2 sessions ended" in here.post("/account/me/sessions/end/", follow=True).content.decode()
    assert here.get("/account/me/").status_code == 200
    assert [other.get("/account/me/").status_code for other in other_browsers] == [302, 302]


def test_nobody_ends_another_persons_session(anna: User, person: Person, browser: Browser) -> None:
    theirs = browser(person(Role.ANALYST))
    number = SignIn.objects.get().pk
    browser(anna).post(f"/account/me/sessions/{number}/end/")
    assert theirs.get("/account/me/").status_code == 200


def test_notes_when_a_session_was_last_used_at_most_once_a_minute(
    anna: User, browser: Browser, django_assert_num_queries: Callable[[int], Any]
) -> None:
    cache.clear()
    here = browser(anna)
    SignIn.objects.update(seen_at=AT)
    cache.clear()
    here.get("/account/me/")
    assert timezone.now() - SignIn.objects.get().seen_at < timedelta(minutes=1)
    with django_assert_num_queries(1):  # session with person, nothing written
        here.get("/account/me/")


def test_what_has_run_out_is_forgotten(anna: User, browser: Browser) -> None:
    browser(anna)
    delete_expired(at=timezone.now())
    assert SignIn.objects.count() == 1
    delete_expired(at=timezone.now() + timedelta(days=15))
    assert not SignIn.objects.exists()
    assert not Session.objects.exists()


@pytest.mark.parametrize("page", ["", "password/", "sessions/"])
def test_a_stranger_is_asked_to_sign_in(stranger: Client, page: str) -> None:
    answer = stranger.get(f"/account/me/{page}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/account/sign-in/?next=/account/me/{page}"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("page", ["", "password/", "sessions/"])
def test_everybody_has_their_own_pages(signed_in: Callable[[Role], Client], role: Role, page: str) -> None:
    assert signed_in(role).get(f"/account/me/{page}").status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) AppleWebKit/605 Version/17 Safari/605", "Safari · macOS"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 MicroMessenger/8.0", "WeChat · Android"),
        ("curl/8.5", "curl"),
        ("", ""),
    ],
)
def test_names_a_device(agent: str, name: str) -> None:
    assert device_name(agent) == name


def test_the_server_looks_after_what_has_run_out_every_hour() -> None:
    assert CHECKS["custrata.apps.accounts.jobs.purge_expired"].seconds == 3600
