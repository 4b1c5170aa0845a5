"""Accounts: creation, roles, deactivation and reactivation; there is always an administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.conftest import AT, Person

from custrata.apps.accounts.actions import (
    LastAdministrator,
    NoSuchPerson,
    PasswordOnlyDigits,
    PasswordTooCommon,
    PasswordTooLikeName,
    PasswordTooShort,
    UnknownRole,
    UserNameTaken,
    activate,
    change_role,
    create_person,
    deactivate,
    unlock,
)
from custrata.apps.accounts.models import OneTimeLink, SignIn, User
from custrata.apps.audit.models import Change
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
SignedIn = Callable[[Role], Client]


@pytest.fixture
def chief(person: Person) -> User:
    return person(Role.ADMINISTRATOR)


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.ANALYST)


def test_a_new_person_can_sign_in_with_the_password_shown(browser: Browser) -> None:
    created = create_person(username="ada", role="operator", at=AT)
    answer = browser(created.user, created.password).get("/account/me/")
    assert answer.headers["Location"] == "/account/me/password/"
    assert Change.objects.get(action="accounts.create_person").after == {
        "username": "ada", "name": "", "email": "", "role": "operator"
    }  # fmt: skip


def test_two_new_people_have_different_passwords() -> None:
    passwords = {create_person(username=name, role="agent", at=AT).password for name in ("a", "b")}
    assert len(passwords) == 2
    assert all(len(password) == 19 for password in passwords)


def test_a_user_name_is_taken_however_it_is_written(anna: User) -> None:
    with pytest.raises(UserNameTaken):
        create_person(username="ANALYST", role="agent", at=AT)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("password", "refusal"),
    [
        ("short", PasswordTooShort),
        ("password123", PasswordTooCommon),
        ("84729104756", PasswordOnlyDigits),
        ("robert.brown", PasswordTooLikeName),
    ],
)
def test_a_password_keeps_the_rules(password: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        create_person(username="robert.brown", role="agent", password=password, at=AT)
    assert not User.objects.exists()


def test_changes_a_role(chief: User, anna: User) -> None:
    change_role(person_id=anna.pk, role="operator", actor=chief, at=AT)
    assert User.objects.get(pk=anna.pk).role == "operator"
    row = Change.objects.get()
    assert (row.before, row.after, row.actor_name) == ({"role": "analyst"}, {"role": "operator"}, "administrator")


def test_giving_the_role_one_has_changes_nothing(chief: User, anna: User) -> None:
    change_role(person_id=anna.pk, role="analyst", actor=chief, at=AT)
    assert not Change.objects.exists()


@pytest.mark.parametrize(("number", "role", "refusal"), [(0, "agent", NoSuchPerson), (None, "king", UnknownRole)])
def test_refuses_a_role(chief: User, number: int | None, role: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        change_role(person_id=chief.pk if number is None else number, role=role, actor=chief, at=AT)
    assert not Change.objects.exists()


def test_the_last_administrator_stays_one(chief: User) -> None:
    with pytest.raises(LastAdministrator):
        change_role(person_id=chief.pk, role="agent", actor=chief, at=AT)
    with pytest.raises(LastAdministrator):
        deactivate(person_id=chief.pk, actor=chief, at=AT)
    assert (User.objects.get().role, User.objects.get().is_active) == ("administrator", True)
    assert not Change.objects.exists()


def test_a_deactivated_administrator_does_not_count(chief: User) -> None:
    other = create_person(username="ada", role="administrator", at=AT).user
    deactivate(person_id=other.pk, actor=chief, at=AT)
    with pytest.raises(LastAdministrator):
        deactivate(person_id=chief.pk, actor=chief, at=AT)


def test_deactivating_ends_sessions_and_bars_the_door(chief: User, anna: User, browser: Browser) -> None:
    client = browser(anna)
    deactivate(person_id=anna.pk, actor=chief, at=AT)
    assert client.get("/account/me/").status_code == 302
    assert not SignIn.objects.exists()
    with pytest.raises(AssertionError, match="422"):
        browser(anna)


def test_activating_lets_in_again(chief: User, anna: User, browser: Browser) -> None:
    for _ in range(2):
        deactivate(person_id=anna.pk, actor=chief, at=AT)
    for _ in range(2):
        activate(person_id=anna.pk, actor=chief, at=AT)
    assert browser(anna).get("/account/me/").status_code == 200
    actions = Change.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["accounts.deactivate", "accounts.activate", "accounts.sign_in"]


def test_an_administrator_unlocks(chief: User, anna: User, browser: Browser, stranger: Client) -> None:
    for _ in range(6):
        stranger.post("/account/sign-in/", {"username": "Analyst", "password": "wrong"})
    with pytest.raises(AssertionError, match="429"):
        browser(anna)
    unlock(person_id=anna.pk, actor=chief, at=AT)
    assert browser(anna).get("/account/me/").status_code == 200
    assert Change.objects.filter(action="accounts.unlock").count() == 1


def test_the_page_lists_people_invitations_and_rights(
    signed_in: SignedIn, anna: User, django_assert_num_queries: Any
) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    client.post("/account/people/invite/", {"username": "ben", "role": "agent"})
    create_person(username="ada", role="agent", at=AT)
    with django_assert_num_queries(5):  # session, person, people, locked out, invitations
        page = client.get("/account/people/").content.decode()
    assert all(text in page for text in ("analyst", "ben", "ada", "Manage people", "Withdraw"))


def test_the_page_says_who_is_locked_out(signed_in: SignedIn, anna: User, stranger: Client) -> None:
    for _ in range(5):
        stranger.post("/account/sign-in/", {"username": "analyst", "password": "wrong"})
    client = signed_in(Role.ADMINISTRATOR)
    assert "Locked out" in client.get("/account/people/").content.decode()
    assert client.post(f"/account/people/{anna.pk}/unlock/").status_code == 302
    assert "Locked out" not in client.get("/account/people/").content.decode()


def test_a_role_is_changed_on_the_page(signed_in: SignedIn, anna: User) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    page = client.post(f"/account/people/{anna.pk}/", {"role": "agent"}, follow=True).content.decode()
    assert "The role of analyst is now Agent." in page
    assert User.objects.get(pk=anna.pk).role == "agent"


def test_the_page_says_why_the_last_administrator_stays(signed_in: SignedIn) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    number = User.objects.get().pk
    page = client.post(f"/account/people/{number}/", {"role": "agent"}, follow=True).content.decode()
    assert "administrator is the last active administrator." in page


def test_deactivating_is_asked_about_first(signed_in: SignedIn, anna: User, browser: Browser) -> None:
    browser(anna)
    client = signed_in(Role.ADMINISTRATOR)
    assert "1 session ends" in client.get(f"/account/people/{anna.pk}/deactivate/").content.decode()
    assert User.objects.get(pk=anna.pk).is_active
    client.post(f"/account/people/{anna.pk}/deactivate/")
    assert not User.objects.get(pk=anna.pk).is_active
    client.post(f"/account/people/{anna.pk}/activate/")
    assert User.objects.get(pk=anna.pk).is_active


def test_an_administrator_signs_somebody_out_everywhere(signed_in: SignedIn, anna: User, browser: Browser) -> None:
    elsewhere = browser(anna)
    signed_in(Role.ADMINISTRATOR).post(f"/account/people/{anna.pk}/end-sessions/")
    assert elsewhere.get("/account/me/").status_code == 302


def test_an_invitation_is_withdrawn_on_the_page(signed_in: SignedIn) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    client.post("/account/people/invite/", {"username": "ben", "role": "agent"})
    client.post(f"/account/people/invitations/{OneTimeLink.objects.get().pk}/revoke/")
    assert OneTimeLink.objects.get().revoked_at is not None
    assert timezone.now() > OneTimeLink.objects.get().revoked_at  # type: ignore[operator]  # it is there, as just said


def test_a_person_who_is_not_there_is_not_found(signed_in: SignedIn) -> None:
    assert signed_in(Role.ADMINISTRATOR).get("/account/people/999/").status_code == 404
