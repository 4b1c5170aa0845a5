"""Sign-in: the right password succeeds, wrong ones lock out, and nothing reveals which accounts exist."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.http import HttpResponse
from django.test import Client
from tests.server.accounts.conftest import PASSWORD
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.conftest import Person

from custrata.apps.accounts.models import SignIn, User
from custrata.apps.audit.models import Change
from custrata.lake import Workspace
from custrata.web.rights import Role

PAGE = "/account/sign-in/"
pytestmark = pytest.mark.usefixtures("served")


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.ANALYST)


def attempt(client: Client, password: str = "wrong", username: str = "analyst", **more: str) -> Any:
    return client.post(PAGE, {"username": username, "password": password, **more})


def test_the_page_asks_for_name_and_password(db: None, stranger: Client) -> None:
    page = stranger.get(PAGE, headers={"accept-language": "en"}).content.decode()
    assert "Sign in to Test" in page
    assert 'name="username"' in page
    assert 'name="password"' in page
    assert 'name="language"' in page


def test_the_right_password_lets_in(anna: User, stranger: Client) -> None:
    response = attempt(stranger, PASSWORD)
    assert (response.status_code, response.url) == (302, "/start/")
    assert stranger.get("/account/me/").status_code == 200
    assert Change.objects.get().action == "accounts.sign_in"


def test_the_user_name_is_one_however_it_is_written(anna: User, stranger: Client) -> None:
    assert attempt(stranger, PASSWORD, username="ANALYST").status_code == 302


@pytest.mark.parametrize(
    ("next_url", "location"),
    [("/account/me/", "/account/me/"), ("https://elsewhere.example/", "/start/"), ("//elsewhere.example", "/start/")],
)
def test_redirects_to_the_requested_page_of_this_host(
    anna: User, stranger: Client, next_url: str, location: str
) -> None:
    assert attempt(stranger, PASSWORD, next=next_url).url == location


def test_whoever_is_in_is_not_asked_again(anna: User, browser: Browser) -> None:
    assert browser(anna).get(PAGE + "?next=/account/me/").headers["Location"] == "/account/me/"


def test_a_wrong_password_and_a_stranger_hear_the_same(anna: User, stranger: Client) -> None:
    answers = [attempt(stranger), attempt(stranger, username="nobody")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert len({_sentence(answer) for answer in answers}) == 1


def test_a_deactivated_person_hears_the_same(anna: User, stranger: Client) -> None:
    User.objects.update(is_active=False)
    assert _sentence(attempt(stranger, PASSWORD)) == _sentence(attempt(stranger, username="nobody"))
    assert not SignIn.objects.exists()


def _sentence(answer: HttpResponse) -> str:
    return answer.content.decode().partition('role="alert">')[2].partition("</form>")[0].partition("</div></div>")[0]


def test_twenty_wrong_passwords_lock_out_even_the_right_one(anna: User, stranger: Client) -> None:
    answers = [attempt(stranger).status_code for _ in range(20)]
    assert answers == [422] * 4 + [429] * 16
    assert attempt(stranger, PASSWORD).status_code == 429
    assert not SignIn.objects.exists()


def test_a_name_nobody_has_is_locked_out_the_same_way(anna: User, stranger: Client) -> None:
    existing, unknown = ([attempt(stranger, username=name) for _ in range(6)] for name in ("analyst", "nobody"))
    assert [answer.status_code for answer in existing] == [answer.status_code for answer in unknown]
    assert _sentence(existing[-1]) == _sentence(unknown[-1])


def test_spelling_the_name_otherwise_gives_no_more_tries(anna: User, stranger: Client) -> None:
    for name in ("analyst", "Analyst", "ANALYST", " analyst ", "anaLyst"):
        attempt(stranger, username=name)
    assert attempt(stranger, PASSWORD).status_code == 429


def test_another_browser_at_the_same_address_gives_no_more_tries(anna: User) -> None:
    for number in range(5):
        attempt(Client(headers={"user-agent": f"browser {number}"}))
    assert attempt(Client(), PASSWORD).status_code == 429


def test_locking_out_one_address_leaves_the_others_alone(anna: User, stranger: Client) -> None:
    for _ in range(6):
        attempt(stranger)
    assert attempt(Client(REMOTE_ADDR="10.0.0.9"), PASSWORD).status_code == 302


def test_the_lock_ends_after_a_quarter_of_an_hour(anna: User, stranger: Client) -> None:
    for _ in range(20):
        attempt(stranger)
    answer = attempt(stranger)
    assert answer.headers["Retry-After"] == "900"
    attempts = AccessAttempt.objects.get()
    AccessAttempt.objects.update(attempt_time=attempts.attempt_time - timedelta(minutes=16))
    assert attempt(stranger, PASSWORD).status_code == 302


def test_the_right_password_forgives_the_wrong_ones(anna: User, stranger: Client) -> None:
    for _ in range(4):
        attempt(stranger)
    assert attempt(stranger, PASSWORD).status_code == 302
    assert not AccessAttempt.objects.exists()


def test_a_lock_out_is_written_down_once_and_without_the_password(anna: User, stranger: Client) -> None:
    for _ in range(8):
        attempt(stranger, "my other secret")
    assert list(Change.objects.values_list("action", "subject_id")) == [("accounts.lock_out", "analyst")]
    assert "my other secret" not in str(list(AccessAttempt.objects.values()))


def test_behind_a_proxy_the_address_is_what_the_proxy_saw(anna: User, settings: Any) -> None:
    settings.PROXIES = 1
    for number in range(6):
        attempt(Client(headers={"x-forwarded-for": f"1.2.3.{number}, 10.0.0.1"}))
    assert attempt(Client(headers={"x-forwarded-for": "9.9.9.9, 10.0.0.1"}), PASSWORD).status_code == 429
    assert attempt(Client(headers={"x-forwarded-for": "10.0.0.1, 10.0.0.2"}), PASSWORD).status_code == 302


def test_without_a_proxy_the_address_cannot_be_made_up(anna: User) -> None:
    for number in range(5):
        attempt(Client(headers={"x-forwarded-for": f"1.2.3.{number}"}))
    assert attempt(Client(), PASSWORD).status_code == 429


@pytest.mark.parametrize(("username", "status"), [("", 422), ("a\0b", 400), ("x" * 151, 422), ("' OR 1=1 --", 422)])
def test_nonsense_is_refused_politely(db: None, stranger: Client, username: str, status: int) -> None:
    assert attempt(stranger, username=username).status_code == status


def test_signing_out_takes_a_post_and_ends_the_session(anna: User, browser: Browser) -> None:
    client = browser(anna)
    assert client.get("/account/sign-out/").status_code == 405
    answer = client.post("/account/sign-out/")
    assert (answer.headers["Location"], answer.headers["Clear-Site-Data"]) == (PAGE, '"cache", "storage"')
    assert client.get("/account/me/").status_code == 302
    assert not SignIn.objects.exists()


def test_the_page_is_never_kept(anna: User, stranger: Client, served: Workspace) -> None:
    assert "no-store" in stranger.get(PAGE).headers["Cache-Control"]
