"""One-time links: the first administrator, invitations, forgotten passwords."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.conftest import AT, Person

from custrata.apps.accounts.actions import (
    LinkOver,
    PasswordTooShort,
    UnknownRole,
    UserNameTaken,
    UserNameUnusable,
    accept_invitation,
    create_person,
    deactivate,
    first_sign_in_link,
    invite,
    make_password_link,
    revoke_link,
    set_password_by_link,
)
from custrata.apps.accounts.models import OneTimeLink, SignIn, User
from custrata.apps.audit.models import Change
from custrata.web.rights import Role

SOON, LATE = AT + timedelta(days=6), AT + timedelta(days=8)
GOOD = "seven green chairs"
CHOSEN = {"password": GOOD, "repeated": GOOD}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]


@pytest.fixture
def chief(person: Person) -> User:
    return person(Role.ADMINISTRATOR)


@pytest.fixture
def secret(chief: User) -> str:
    """An invitation for Ben, made now."""
    return invite(username="ben", email="ben@example.com", role="analyst", actor=chief, at=timezone.now())


def test_the_first_link_makes_an_administrator_and_signs_them_in(stranger: Client) -> None:
    link = first_sign_in_link(timezone.now())
    assert link is not None
    assert stranger.get(link).status_code == 200
    assert stranger.post(link, {"username": "ada", "name": "Ada", **CHOSEN}).status_code == 302
    assert (User.objects.get().role, User.objects.get().check_password(GOOD)) == ("administrator", True)
    assert stranger.get("/account/people/").status_code == 200


def test_the_first_link_is_over_once_there_is_an_administrator(stranger: Client) -> None:
    link = first_sign_in_link(timezone.now()) or ""
    create_person(username="ada", role="administrator", at=AT)
    assert first_sign_in_link(timezone.now()) is None
    assert stranger.get(link).status_code == 410
    assert stranger.post(link, {"username": "eve", **CHOSEN}).status_code == 410
    assert User.objects.count() == 1


def test_a_new_first_link_voids_the_one_before(stranger: Client) -> None:
    older, newer = (first_sign_in_link(timezone.now()) or "" for _ in range(2))
    assert (stranger.get(older).status_code, stranger.get(newer).status_code) == (410, 200)


def test_an_invitation_lets_in_with_the_role_it_says(secret: str, stranger: Client) -> None:
    link = f"/account/invitation/{secret}/"
    assert "ben" in stranger.get(link).content.decode()
    assert stranger.post(link, {"name": "Ben", **CHOSEN}).status_code == 302
    ben = User.objects.get(username="ben")
    assert (ben.role, ben.name, ben.email) == ("analyst", "Ben", "ben@example.com")
    assert stranger.get("/account/people/").status_code == 403


def test_an_invitation_is_used_once(secret: str, stranger: Client) -> None:
    accept_invitation(secret=secret, name="", password=GOOD, at=timezone.now())
    with pytest.raises(LinkOver):
        accept_invitation(secret=secret, name="", password=GOOD, at=timezone.now())
    assert stranger.get(f"/account/invitation/{secret}/").status_code == 410


def test_an_invitation_lasts_seven_days(chief: User) -> None:
    secret = invite(username="ben", email="", role="agent", actor=chief, at=AT)
    with pytest.raises(LinkOver):
        accept_invitation(secret=secret, name="", password=GOOD, at=LATE)
    assert accept_invitation(secret=secret, name="", password=GOOD, at=SOON).username == "ben"


def test_a_withdrawn_invitation_is_over(secret: str, chief: User, stranger: Client) -> None:
    number = OneTimeLink.objects.get().pk
    revoke_link(link_id=number, actor=chief, at=AT)
    assert stranger.post(f"/account/invitation/{secret}/", CHOSEN).status_code == 410
    with pytest.raises(LinkOver):
        revoke_link(link_id=number, actor=chief, at=AT)
    assert not User.objects.filter(username="ben").exists()


def test_inviting_again_voids_the_earlier_link(secret: str, chief: User) -> None:
    invite(username="BEN", email="", role="agent", actor=chief, at=timezone.now())
    with pytest.raises(LinkOver):
        accept_invitation(secret=secret, name="", password=GOOD, at=timezone.now())


@pytest.mark.parametrize(
    ("username", "role", "refusal"),
    [
        ("Administrator", "agent", UserNameTaken),
        ("a b", "agent", UserNameUnusable),
        ("", "agent", UserNameUnusable),
        ("ben", "king", UnknownRole),
    ],
)
def test_refuses_to_invite(chief: User, username: str, role: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        invite(username=username, email="", role=role, actor=chief, at=AT)
    assert not OneTimeLink.objects.exists()
    assert not Change.objects.exists()


def test_a_weak_password_leaves_the_invitation_as_it_was(secret: str, stranger: Client) -> None:
    with pytest.raises(PasswordTooShort):
        accept_invitation(secret=secret, name="", password="short", at=timezone.now())
    response = stranger.post(f"/account/invitation/{secret}/", {"password": "short", "repeated": "short"})
    assert response.status_code == 422
    assert accept_invitation(secret=secret, name="", password=GOOD, at=timezone.now()).username == "ben"


def test_two_different_passwords_are_not_taken(secret: str, stranger: Client) -> None:
    answer = stranger.post(f"/account/invitation/{secret}/", {"password": GOOD, "repeated": "other"})
    assert answer.status_code == 422
    assert not User.objects.filter(username="ben").exists()


def test_the_secret_is_kept_nowhere(secret: str) -> None:
    stored = str([list(model.objects.values()) for model in (OneTimeLink, Change)])
    assert secret not in stored


def test_a_password_link_sets_the_password_and_ends_every_session(
    chief: User, person: Person, browser: Browser, stranger: Client
) -> None:
    anna = person(Role.ANALYST)
    elsewhere = browser(anna)
    link = f"/account/new-password/{make_password_link(person_id=anna.pk, actor=chief, at=timezone.now())}/"
    assert stranger.post(link, CHOSEN).status_code == 302
    assert elsewhere.get("/account/me/").status_code == 302
    assert stranger.get("/account/me/").status_code == 200
    assert User.objects.get(pk=anna.pk).check_password(GOOD)
    assert stranger.get(link).status_code == 410


def test_a_password_link_of_a_deactivated_person_is_over(chief: User, person: Person) -> None:
    anna = person(Role.ANALYST)
    secret = make_password_link(person_id=anna.pk, actor=chief, at=AT)
    deactivate(person_id=anna.pk, actor=chief, at=AT)
    with pytest.raises(LinkOver):
        set_password_by_link(secret=secret, password=GOOD, at=SOON)
    assert not User.objects.get(pk=anna.pk).check_password(GOOD)


def test_one_kind_of_link_is_not_another(secret: str, stranger: Client) -> None:
    assert stranger.get(f"/account/new-password/{secret}/").status_code == 410
    assert stranger.get(f"/account/first/{secret}/").status_code == 410


@pytest.mark.parametrize("page", ["first", "invitation", "new-password"])
def test_a_made_up_link_is_over(chief: User, stranger: Client, page: str) -> None:
    assert stranger.get(f"/account/{page}/made-up/").status_code == 410
    assert stranger.post(f"/account/{page}/made-up/", CHOSEN).status_code == 410


def test_the_administrator_sees_the_link_once(signed_in: Any, stranger: Client) -> None:
    page = signed_in(Role.ADMINISTRATOR).post("/account/people/invite/", {"username": "ben", "role": "agent"})
    assert "no-store" in page.headers["Cache-Control"]
    link = re.search(r"http://testserver(/account/invitation/[\w-]+/)", page.content.decode())
    assert link is not None
    assert stranger.get(link[1]).status_code == 200


def test_the_administrator_makes_a_password_link(signed_in: Any, person: Person) -> None:
    anna = person(Role.ANALYST)
    page = signed_in(Role.ADMINISTRATOR).post(f"/account/people/{anna.pk}/password-link/")
    assert "/account/new-password/" in page.content.decode()
    assert Change.objects.get().subject_id == "analyst"


def test_what_was_refused_is_said_beside_the_form(signed_in: Any) -> None:
    page = signed_in(Role.ADMINISTRATOR).post("/account/people/invite/", {"username": "ADMINISTRATOR", "role": "agent"})
    assert page.status_code == 422
    assert "is already in use" in page.content.decode()
    assert not SignIn.objects.exists()
