"""Concurrent requests: a link is used once, and one administrator remains."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from tests.server.conftest import AT

from custrata.apps.accounts.actions import (
    AlreadyInvited,
    LastAdministrator,
    LinkOver,
    UserNameTaken,
    accept_invitation,
    change_role,
    create_person,
    deactivate,
    first_sign_in_link,
    invite,
    make_password_link,
    set_password_by_link,
    take_first_link,
)
from custrata.apps.accounts.models import OneTimeLink, User
from custrata.apps.audit.models import Change
from custrata.errors import CustrataError

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("served"), pytest.mark.database]
GOOD = "seven green chairs"


def run_concurrently(*acts: Callable[[], object]) -> list[str]:
    """Run these concurrently, each on a connection of its own; returns the names of their errors, or "done"."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        try:
            start.wait(timeout=10)
            act()
        except CustrataError as error:
            return type(error).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


@pytest.mark.parametrize("attempt", range(3))
def test_an_invitation_used_by_several_at_once_makes_one_person(attempt: int) -> None:
    secret = invite(username="ben", email="", role="agent", actor=None, at=AT)
    came = run_concurrently(*[lambda: accept_invitation(secret=secret, name="", password=GOOD, at=AT)] * 4)
    assert came == [LinkOver.__name__] * 3 + ["done"]
    assert User.objects.count() == 1
    assert Change.objects.filter(action="accounts.create_person").count() == 1


def test_a_first_link_used_by_two_at_once_makes_one_administrator() -> None:
    secret = (first_sign_in_link(AT) or "").split("/")[-2]
    acts = [lambda n=n: take_first_link(secret=secret, username=n, name="", password=GOOD, at=AT) for n in "ab"]
    assert run_concurrently(*acts) == [LinkOver.__name__, "done"]
    assert User.objects.count() == 1


def test_a_password_link_used_by_two_at_once_sets_one_password() -> None:
    anna = create_person(username="anna", role="agent", at=AT).user
    secret = make_password_link(person_id=anna.pk, actor=None, at=AT)
    passwords = [f"{GOOD} {number}" for number in range(2)]
    acts = [lambda p=p: set_password_by_link(secret=secret, password=p, at=AT) for p in passwords]
    assert run_concurrently(*acts) == [LinkOver.__name__, "done"]
    assert sum(User.objects.get().check_password(password) for password in passwords) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_administrators_who_demote_each_other_one_stays(attempt: int) -> None:
    a, b = (create_person(username=name, role="administrator", at=AT).user for name in "ab")
    came = run_concurrently(
        lambda: change_role(person_id=a.pk, role="agent", actor=b, at=AT),
        lambda: change_role(person_id=b.pk, role="agent", actor=a, at=AT),
    )
    assert came == [LastAdministrator.__name__, "done"]
    assert User.objects.filter(role="administrator", is_active=True).count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_administrators_who_leave_at_once_one_stays(attempt: int) -> None:
    a, b = (create_person(username=name, role="administrator", at=AT).user for name in "ab")
    came = run_concurrently(
        lambda: deactivate(person_id=a.pk, actor=a, at=AT),
        lambda: change_role(person_id=b.pk, role="agent", actor=b, at=AT),
    )
    assert came == [LastAdministrator.__name__, "done"]
    assert User.objects.filter(role="administrator", is_active=True).count() == 1


def test_one_of_two_people_with_one_name_is_made() -> None:
    acts = [lambda n=n: create_person(username=n, role="agent", at=AT) for n in ("anna", "ANNA")]
    assert run_concurrently(*acts) == [UserNameTaken.__name__, "done"]
    assert User.objects.count() == 1


def test_inviting_one_person_twice_at_once_leaves_one_open_link() -> None:
    acts = [lambda: invite(username="ben", email="", role="agent", actor=None, at=AT)] * 4
    assert set(run_concurrently(*acts)) <= {"done", AlreadyInvited.__name__}
    assert OneTimeLink.objects.filter(used_at=None, revoked_at=None).count() == 1
