"""The language and theme of a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from custrata.apps.accounts.models import User
from custrata.web.language import preferred_language
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
NOWHERE = "/no-such-page/"
SignIn = Callable[[Role], Client]


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("zh-TW,zh;q=0.9", "zh-hant"),
        ("zh-HK", "zh-hant"),
        ("zh-MO", "zh-hant"),
        ("zh-Hant-SG", "zh-hant"),
        ("zh-SG", "zh-hans"),
        ("en-GB", "en"),
        ("fr, en;q=0.5, zh;q=0.9", "zh-hans"),
        ("fr", None),
        ("", None),
        (";;;", None),
    ],
)
def test_reads_what_the_browser_asks_for(header: str, language: str | None) -> None:
    assert preferred_language(header) == language


@pytest.mark.parametrize(("accept_language", "content_language"), [("zh-TW", "zh-Hant"), ("en", "en")])
def test_answers_a_stranger_in_the_language_asked_for(
    stranger: Client, accept_language: str, content_language: str
) -> None:
    answer = stranger.get(NOWHERE, headers={"accept-language": accept_language})
    assert answer.headers["Content-Language"] == content_language
    assert {"Accept-Language", "Cookie"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
    assert f'<html lang="{content_language}"' in answer.content.decode()


def test_answers_in_the_language_of_the_workspace_where_none_is_known(stranger: Client) -> None:
    assert stranger.get(NOWHERE, headers={"accept-language": "fr"}).headers["Content-Language"] == "zh-Hans"


def test_a_stranger_chooses_a_language_and_goes_back(stranger: Client) -> None:
    answer = stranger.post("/language/", {"language": "zh-hant", "next": "/account/sign-in/?next=/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/sign-in/?next=/")
    assert stranger.get(NOWHERE, headers={"accept-language": "en"}).headers["Content-Language"] == "zh-Hant"


def test_the_language_of_a_person_is_kept_with_the_person(signed_in: SignIn) -> None:
    client = signed_in(Role.AGENT)
    client.post("/language/", {"language": "zh-hant"})
    assert User.objects.get().language == "zh-hant"
    client.cookies.clear()
    client.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(NOWHERE, headers={"accept-language": "en"}).headers["Content-Language"] == "zh-Hant"


def test_an_unknown_language_changes_nothing(signed_in: SignIn) -> None:
    answer = signed_in(Role.AGENT).post("/language/", {"language": "klingon"})
    assert answer.status_code == 302
    assert "django_language" not in answer.cookies
    assert User.objects.get().language == "en"


def test_redirects_stay_on_this_host(stranger: Client) -> None:
    answer = stranger.post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_language_and_looks_are_chosen_by_sending_a_form(stranger: Client) -> None:
    assert [stranger.get(path).status_code for path in ("/language/", "/theme/")] == [405, 405]


@pytest.mark.parametrize(("theme", "bootstrap_theme"), [("dark", "dark"), ("light", "light"), ("auto", "light")])
def test_a_stranger_chooses_light_or_dark(stranger: Client, theme: str, bootstrap_theme: str) -> None:
    stranger.post("/theme/", {"theme": theme})
    page = stranger.get(NOWHERE).content.decode()
    assert f'data-bs-theme="{bootstrap_theme}"' in page
    assert f'data-scheme="{theme}"' in page


def test_light_or_dark_is_kept_with_the_person(signed_in: SignIn) -> None:
    client = signed_in(Role.ANALYST)
    client.post("/theme/", {"theme": "dark"})
    assert User.objects.get().theme == "dark"
    assert 'data-bs-theme="dark"' in client.get(NOWHERE).content.decode()
