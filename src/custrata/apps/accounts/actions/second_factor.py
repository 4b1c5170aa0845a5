"""The second step of a sign-in: a code that changes every half minute (TOTP, RFC 6238), and recovery codes.

django-otp handles secrets, clock drift, replays and the delay after wrong codes.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import datetime
from math import ceil

from django.contrib.sessions.models import Session
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from custrata.apps.accounts.actions.passwords import ALPHABET
from custrata.apps.accounts.actions.people import NoSuchPerson
from custrata.apps.accounts.models import RecoveryCode, User
from custrata.apps.accounts.queries import digest, second_factor
from custrata.apps.accounts.settings import SECOND_FACTOR_ROLES
from custrata.apps.audit.actions import record
from custrata.errors import Refused

CODES = 10
GROUPS = 6  # of four characters: 118 bits, so that an unsalted digest is enough
SEPARATORS = re.compile(r"[\s\-‐-―]")


class SecondFactorWrong(Refused):
    template = "The code is incorrect, or was already used. Enter the next code that your app shows."


class SecondFactorThrottled(Refused):
    template = "Too many wrong codes. Try again in {seconds} seconds, or use a recovery code."


class SecondFactorOn(Refused):
    template = "Two-step sign-in is already on. Turn it off first to set it up on another device."


class SetUpOver(Refused):
    template = "This set-up has expired. Start again."


class SecondFactorRequired(Refused):
    template = (
        "Your role requires two-step sign-in, so it cannot be turned off. To use another device, ask an "
        "administrator to reset it."
    )


class OwnSecondFactor(Refused):
    template = "You cannot reset your own two-step sign-in. Turn it off on your account page, with your password."


@transaction.atomic
def begin_set_up(*, person: User) -> TOTPDevice:
    """Create an unconfirmed authenticator for a person. Raises `SecondFactorOn`."""
    User.objects.select_for_update().get(pk=person.pk)
    if second_factor(person):
        raise SecondFactorOn
    TOTPDevice.objects.filter(user=person).delete()
    device: TOTPDevice = TOTPDevice.objects.create(user=person, name="authenticator", confirmed=False)
    return device


def confirm_set_up(*, person: User, device_id: int, code: str, keep: str | None, at: datetime) -> list[str]:
    """Confirm an authenticator by its first code; return the recovery codes. Every session but `keep` ends.

    Raises `SetUpOver`, `SecondFactorWrong`, `SecondFactorThrottled`.
    """
    with transaction.atomic():  # a wrong code is counted, so nothing is raised in here
        device = TOTPDevice.objects.select_for_update().filter(pk=device_id, user=person, confirmed=False).first()
        wait = _seconds_to_wait(device, at) if device else 0
        if device and not wait and device.verify_token(_plain(code)):
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            _end_sessions(person, keep)
            record(person, "accounts.set_up_second_factor", actor=person, at=at)
            return _new_codes(person, at)
    if device is None:
        raise SetUpOver
    raise SecondFactorThrottled(seconds=wait) if wait else SecondFactorWrong


def check_second_step(*, person: User, code: str, at: datetime) -> bool:
    """Check a code of the authenticator or a recovery code; return whether it was a recovery code.

    Each works once. Raises `SecondFactorWrong`, `SecondFactorThrottled`.
    """
    plain = _plain(code)
    if not re.fullmatch(r"\d{6}", plain):
        _use_recovery_code(person, plain, at)
        return True
    with transaction.atomic():  # a wrong code is counted, so nothing is raised in here
        device = TOTPDevice.objects.select_for_update().filter(user=person, confirmed=True).first()
        wait = _seconds_to_wait(device, at) if device else 0
        right = device is not None and not wait and device.verify_token(plain)
    if not right:
        raise SecondFactorThrottled(seconds=wait) if wait else SecondFactorWrong
    return False


@transaction.atomic
def renew_recovery_codes(*, person: User, at: datetime) -> list[str]:
    """Replace the recovery codes. Raises `SetUpOver` if the person has no second factor."""
    if second_factor(person) is None:
        raise SetUpOver
    record(person, "accounts.renew_recovery_codes", actor=person, at=at)
    return _new_codes(person, at)


@transaction.atomic
def turn_off_second_factor(*, person: User, keep: str | None, at: datetime) -> None:
    """Turn off the second factor; every session but `keep` ends. Raises `SecondFactorRequired`."""
    if person.role in SECOND_FACTOR_ROLES.value:
        raise SecondFactorRequired
    if _remove(person):
        _end_sessions(person, keep)
        record(person, "accounts.turn_off_second_factor", actor=person, at=at)


@transaction.atomic
def reset_second_factor(*, person_id: int, actor: User | None, at: datetime) -> bool:
    """Remove a person's second factor and end their sessions; return whether there was one.

    Raises `NoSuchPerson`, `OwnSecondFactor`.
    """
    person = User.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise NoSuchPerson
    if actor is not None and actor.pk == person.pk:
        raise OwnSecondFactor
    removed = _remove(person)
    if removed:
        _end_sessions(person, None)
        record(person, "accounts.reset_second_factor", actor=actor, at=at)
    return removed


def _use_recovery_code(person: User, code: str, at: datetime) -> None:
    """Mark a recovery code as used, once even under concurrent requests. Raises `SecondFactorWrong`."""
    with transaction.atomic():
        mine = RecoveryCode.objects.filter(person=person, digest=digest(code), used_at=None)
        if mine.update(used_at=at) != 1:
            raise SecondFactorWrong
        record(person, "accounts.use_recovery_code", actor=person, at=at)


def _new_codes(person: User, at: datetime) -> list[str]:
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(4 * GROUPS)) for _ in range(CODES)]
    RecoveryCode.objects.filter(person=person).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(person=person, digest=digest(code), made_at=at) for code in codes)
    return ["-".join(code[start : start + 4] for start in range(0, 4 * GROUPS, 4)) for code in codes]


def _remove(person: User) -> bool:
    removed = second_factor(person) is not None
    TOTPDevice.objects.filter(user=person).delete()
    RecoveryCode.objects.filter(person=person).delete()
    return removed


def _end_sessions(person: User, keep: str | None) -> None:
    Session.objects.filter(sign_in__person=person).exclude(session_key=keep or "").delete()


def _seconds_to_wait(device: TOTPDevice, at: datetime) -> int:
    """Seconds until the next code is accepted; the delay doubles with each wrong code."""
    allowed, facts = device.verify_is_allowed()
    if allowed:
        return 0
    locked_until: datetime = facts["locked_until"]
    return max(1, ceil((locked_until - at).total_seconds()))


def _plain(code: str) -> str:
    """A code without spaces and dashes."""
    return SEPARATORS.sub("", unicodedata.normalize("NFKC", code)).lower()
