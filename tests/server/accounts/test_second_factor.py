"""Two-step sign-in: set-up, use, loss, required by role, turned off."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings
from tests.server.accounts.conftest import PASSWORD
from tests.server.accounts.conftest import SignIn as Browser
from tests.server.conftest import AT, Person

from custrata.apps.accounts.actions import (
    OwnSecondFactor,
    SecondFactorOn,
    SecondFactorRequired,
    SecondFactorThrottled,
    SecondFactorWrong,
    begin_set_up,
    check_second_step,
    confirm_set_up,
    make_password_link,
    reset_second_factor,
    turn_off_second_factor,
)
from custrata.apps.accounts.models import RecoveryCode, SignIn, User
from custrata.apps.audit.models import Change
from custrata.web.rights import Role

PAGE, CODE = "/account/sign-in/", "/account/sign-in/code/"
OWN = "/account/me/second-step/"
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]


def code_of(device: TOTPDevice, ahead: int = 0) -> str:
    """The code of the authenticator, so many time steps ahead: each code is accepted once."""
    generator = TOTP(device.bin_key)
    generator.time = time.time() + 30 * ahead
    return f"{generator.token():06}"


@pytest.fixture
def anna(person: Person) -> User:
    return person(Role.ANALYST)


@pytest.fixture
def device(anna: User) -> TOTPDevice:
    """Anna's confirmed authenticator; the code of the current time step is used up."""
    return enable_second_factor(anna)


def enable_second_factor(person: User) -> TOTPDevice:
    device = begin_set_up(person=person)
    confirm_set_up(person=person, device_id=device.pk, code=code_of(device), keep=None, at=timezone.now())
    return TOTPDevice.objects.get(pk=device.pk)


@pytest.fixture
def codes(anna: User) -> list[str]:
    """Anna's recovery codes, of a confirmed second factor."""
    device = begin_set_up(person=anna)
    return confirm_set_up(person=anna, device_id=device.pk, code=code_of(device), keep=None, at=timezone.now())


def after_password(username: str = "analyst") -> Client:
    """A browser between the password and the code of the sign-in."""
    client = Client()
    answer = client.post(PAGE, {"username": username, "password": PASSWORD, "next": "/account/me/"})
    assert (answer.status_code, answer.headers["Location"]) == (302, CODE)
    return client


def test_is_set_up_with_password_picture_and_first_code(anna: User, browser: Browser) -> None:
    here, there = browser(anna), browser(anna)
    assert here.post(OWN + "begin/", {"present": PASSWORD}).headers["Location"] == OWN + "set-up/"
    page, device = here.get(OWN + "set-up/").content.decode(), TOTPDevice.objects.get()
    assert "<svg" in page
    assert "style=" not in page
    old_key = here.session.session_key
    done = here.post(OWN + "set-up/", {"code": code_of(device)}).content.decode()
    assert here.session.session_key != old_key
    assert len(re.findall(r"<code>(?:[a-z2-9]{4}-){5}[a-z2-9]{4}</code>", done)) == 10
    assert (here.get(OWN).status_code, there.get(OWN).status_code) == (200, 302)
    assert Change.objects.filter(action="accounts.set_up_second_factor").count() == 1


def test_its_pages_ask_few_questions(device: TOTPDevice, django_assert_num_queries: Any) -> None:
    client = after_password()
    with django_assert_num_queries(2):  # session, person
        client.get(CODE)
    client.post(CODE, {"code": code_of(device, 1)})
    client.get(OWN)
    with django_assert_num_queries(3):  # session with person, second factor, recovery codes
        client.get(OWN)


def test_is_not_in_force_before_its_first_code(anna: User, browser: Browser) -> None:
    here = browser(anna)
    here.post(OWN + "begin/", {"present": PASSWORD})
    assert here.post(OWN + "set-up/", {"code": "000000"}).status_code == 422
    assert browser(anna).get("/account/me/").status_code == 200


@pytest.mark.parametrize("action", ["begin/", "codes/", "turn-off/"])
def test_nothing_of_it_is_changed_without_the_password(anna: User, browser: Browser, action: str) -> None:
    here = browser(anna)
    assert here.post(OWN + action, {"present": "guess"}).status_code == 422
    assert here.post(OWN + action).status_code == 422
    assert not TOTPDevice.objects.exists()


def test_a_secret_is_shown_in_the_session_that_made_it_only(anna: User, browser: Browser) -> None:
    here, there = browser(anna), browser(anna)
    here.post(OWN + "begin/", {"present": PASSWORD})
    assert there.get(OWN + "set-up/").headers["Location"] == OWN


def test_a_set_up_runs_out(anna: User, browser: Browser, settings: Settings) -> None:
    here = browser(anna)
    here.post(OWN + "begin/", {"present": PASSWORD})
    session = here.session
    session["setting_up"] = [TOTPDevice.objects.get().pk, time.time() - 901]
    session.save()
    assert here.get(OWN + "set-up/").headers["Location"] == OWN


def test_the_password_alone_no_longer_lets_in(device: TOTPDevice) -> None:
    client = after_password()
    assert client.get("/account/me/").status_code == 302
    assert not SignIn.objects.exists()
    answer = client.post(CODE, {"code": code_of(device, 1)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/me/")
    assert client.get("/account/me/").status_code == 200


def test_a_code_is_taken_once(device: TOTPDevice) -> None:
    code = code_of(device, 1)
    assert after_password().post(CODE, {"code": code}).status_code == 302
    assert after_password().post(CODE, {"code": code}).status_code == 422


def test_wrong_codes_make_one_wait_and_even_the_right_one_then(anna: User, device: TOTPDevice) -> None:
    client = after_password()
    assert [client.post(CODE, {"code": "000000"}).status_code for _ in range(5)] == [422] * 5
    with pytest.raises(SecondFactorThrottled):
        check_second_step(person=anna, code=code_of(device, 1), at=timezone.now())
    assert not SignIn.objects.exists()


@pytest.mark.parametrize("written", [str, str.upper, lambda code: code.replace("-", " ")])
def test_a_recovery_code_lets_in_once(anna: User, codes: list[str], written: Callable[[str], str]) -> None:
    assert after_password().post(CODE, {"code": written(codes[3])}).status_code == 302
    assert after_password().post(CODE, {"code": codes[3]}).status_code == 422
    assert RecoveryCode.objects.filter(used_at=None).count() == 9
    assert Change.objects.filter(action="accounts.use_recovery_code").count() == 1


def test_recovery_codes_and_secrets_are_in_no_audit_and_no_digest_tells_them(codes: list[str]) -> None:
    stored = str([list(model.objects.values()) for model in (RecoveryCode, Change)])
    assert [code for code in codes if code in stored or code.replace("-", "") in stored] == []
    assert TOTPDevice.objects.get().key not in str(list(Change.objects.values()))


def test_new_recovery_codes_void_the_earlier_ones(anna: User, codes: list[str]) -> None:
    client = after_password()
    client.post(CODE, {"code": codes[0]})
    page = client.post(OWN + "codes/", {"present": PASSWORD}).content.decode()
    newer = re.findall(r"<code>([\w-]+)</code>", page)
    assert after_password().post(CODE, {"code": codes[1]}).status_code == 422
    assert after_password().post(CODE, {"code": newer[0]}).status_code == 302


@pytest.mark.parametrize("other", [{"password": "x"}, {"is_active": False}])
def test_the_second_step_ends_with_the_password_or_the_person(device: TOTPDevice, other: dict[str, Any]) -> None:
    client = after_password()
    User.objects.update(**other)
    assert client.post(CODE, {"code": code_of(device, 1)}).headers["Location"] == PAGE


def test_the_second_step_is_taken_within_five_minutes(device: TOTPDevice) -> None:
    client = after_password()
    session = client.session
    session["second_step"] = {**session["second_step"], "at": time.time() - 301}
    session.save()
    assert client.get(CODE).headers["Location"] == PAGE


def test_nobody_comes_to_the_second_step_without_the_first(stranger: Client, device: TOTPDevice) -> None:
    assert stranger.get(CODE).headers["Location"] == PAGE
    assert stranger.post(CODE, {"code": code_of(device, 1)}).headers["Location"] == PAGE


def test_a_link_to_a_new_password_does_not_go_round_it(anna: User, device: TOTPDevice, stranger: Client) -> None:
    secret = make_password_link(person_id=anna.pk, actor=None, at=timezone.now())
    new = {"password": "seven green chairs", "repeated": "seven green chairs"}
    assert stranger.post(f"/account/new-password/{secret}/", new).headers["Location"] == CODE
    assert stranger.get("/account/me/").status_code == 302


def test_is_turned_off_with_the_password(anna: User, device: TOTPDevice, browser: Browser) -> None:
    client = after_password()
    client.post(CODE, {"code": code_of(device, 1)})
    old_key = client.session.session_key
    assert client.post(OWN + "turn-off/", {"present": PASSWORD}).headers["Location"] == OWN
    assert client.session.session_key != old_key
    assert not RecoveryCode.objects.exists()
    assert browser(anna).get("/account/me/").status_code == 200


def test_a_person_has_one_at_a_time(anna: User, device: TOTPDevice) -> None:
    with pytest.raises(SecondFactorOn):
        begin_set_up(person=anna)
    with pytest.raises(SecondFactorWrong):
        check_second_step(person=anna, code="", at=AT)


def test_who_must_have_it_reaches_nothing_else_before(anna: User, browser: Browser, settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = {Role.ANALYST}
    client = browser(anna)
    for page in ("/start/", "/account/me/", "/customers/", "/account/me/password/", "/api/v1/docs"):
        assert client.get(page).headers["Location"] == OWN
    assert client.get("/customers/", headers={"hx-request": "true"}).headers["HX-Redirect"] == OWN
    assert "Your role requires two-step sign-in" in client.get(OWN).content.decode()
    client.post(OWN + "begin/", {"present": PASSWORD})
    client.post(OWN + "set-up/", {"code": code_of(TOTPDevice.objects.get())})
    assert client.get("/account/me/").status_code == 200
    assert client.post(OWN + "turn-off/", {"present": PASSWORD}).status_code == 422


def test_other_roles_may_do_without(anna: User, browser: Browser, settings: Settings) -> None:
    settings.SECOND_FACTOR_ROLES = {Role.ADMINISTRATOR}
    assert browser(anna).get("/account/me/").status_code == 200
    settings.SECOND_FACTOR_ROLES = {Role.ANALYST}
    with pytest.raises(SecondFactorRequired):
        turn_off_second_factor(person=anna, keep=None, at=AT)


def test_an_administrator_resets_it(
    anna: User, device: TOTPDevice, signed_in: Callable[[Role], Client], browser: Browser
) -> None:
    client = after_password()
    client.post(CODE, {"code": code_of(device, 1)})
    chief = signed_in(Role.ADMINISTRATOR)
    assert "Reset" in chief.get(f"/account/people/{anna.pk}/").content.decode()
    chief.post(f"/account/people/{anna.pk}/second-step/reset/")
    assert client.get("/account/me/").status_code == 302
    assert browser(anna).get("/account/me/").status_code == 200
    assert Change.objects.get(action="accounts.reset_second_factor").actor_name == "administrator"


def test_nobody_resets_their_own(person: Person) -> None:
    chief = person(Role.ADMINISTRATOR)
    enable_second_factor(chief)
    with pytest.raises(OwnSecondFactor):
        reset_second_factor(person_id=chief.pk, actor=chief, at=AT)
    assert TOTPDevice.objects.filter(confirmed=True).exists()


def test_the_command_resets_it_for_who_is_locked_out(anna: User, device: TOTPDevice) -> None:
    output = StringIO()
    call_command("reset_second_factor", "ANALYST", stdout=output)
    call_command("reset_second_factor", "analyst", stdout=output)
    assert [line.split(maxsplit=1)[0] for line in output.getvalue().splitlines()] == ["Two-step", "analyst"]
    assert not TOTPDevice.objects.exists()
    with pytest.raises(CommandError, match="no such person"):
        call_command("reset_second_factor", "nobody")


def test_codes_of_the_future_and_the_past_are_wrong(anna: User, device: TOTPDevice) -> None:
    for ahead in (-20, 20):
        TOTPDevice.objects.update(throttling_failure_count=0, last_t=-1)
        with pytest.raises(SecondFactorWrong):
            check_second_step(person=anna, code=code_of(device, ahead), at=timezone.now() + timedelta(seconds=1))
