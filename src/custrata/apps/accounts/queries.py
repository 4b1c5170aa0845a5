"""Queries on people, their sessions and one-time links."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from axes.conf import settings as axes
from axes.models import AccessAttempt
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Lower
from django_otp.plugins.otp_totp.models import TOTPDevice

from custrata.apps.accounts.models import OneTimeLink, RecoveryCode, SignIn, User
from custrata.apps.accounts.settings import SIGN_IN_OVERALL, SIGN_IN_PER_ADDRESS
from custrata.web.manifest import rights
from custrata.web.rights import Right, Role
from custrata.web.texts import text


class RightRow(NamedTuple):
    """A right, its title, and which roles have it, in the order of the roles."""

    right: Right
    name: str
    roles: list[bool]


@dataclass(frozen=True)
class ActiveSession:
    """A session in which a person is signed in."""

    number: int
    device: str
    address: str | None
    since: datetime
    seen_at: datetime
    current: bool


# The first match wins: user agents of the earlier entries contain the later names too.
BROWSERS = {"MicroMessenger": "WeChat", "Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox"}
BROWSERS |= {"Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari", "curl": "curl", "python": "Python"}
SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS X": "macOS"}
SECOND = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))
SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


def people() -> QuerySet[User]:
    """All people, with `places`, the number of their sessions, and `second`, whether they have a second factor.

    Active people come first.
    """
    return User.objects.annotate(places=Count("sign_ins"), second=SECOND).order_by("-is_active", Lower("username"))


def has_active_administrator() -> bool:
    """Whether there is an active administrator."""
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists()


def locked_out(at: datetime) -> set[str]:
    """Folded user names that are locked out from some address after too many wrong passwords."""
    recent = AccessAttempt.objects.filter(attempt_time__gt=at - axes.AXES_COOLOFF_TIME)
    counted = recent.values("username", "ip_address").annotate(failures=Sum("failures_since_start"))
    over = counted.filter(failures__gte=axes.AXES_FAILURE_LIMIT)
    return {name for name in over.values_list("username", flat=True) if name}


def too_many_failures(counted: str | None, address: str | None, at: datetime) -> bool:
    """Whether sign-ins from an address are throttled: after too many failures from there, or overall.

    `counted` is the address or network that failures are counted for. The overall limit does not apply to addresses
    from which somebody is signed in.
    """
    recent = AccessAttempt.objects.filter(attempt_time__gt=at - axes.AXES_COOLOFF_TIME)
    failures = recent.aggregate(
        everywhere=Sum("failures_since_start", default=0),
        here=Sum("failures_since_start", filter=Q(ip_address=counted), default=0),
    )
    if failures["here"] >= SIGN_IN_PER_ADDRESS.value:
        return True
    if failures["everywhere"] < SIGN_IN_OVERALL.value:
        return False
    return not SignIn.objects.filter(address=address, session__expire_date__gt=at).exists()


def person_named(username: str) -> User | None:
    """The person with a user name, regardless of case and width."""
    return User.objects.named(username)


def second_factor(person: User) -> TOTPDevice | None:
    """The confirmed authenticator of a person; None without a second factor."""
    device: TOTPDevice | None = TOTPDevice.objects.devices_for_user(person, confirmed=True).first()
    return device


def set_up_in_progress(person: User, device_id: object) -> TOTPDevice | None:
    """The unconfirmed authenticator of a person."""
    device: TOTPDevice | None = (
        TOTPDevice.objects.devices_for_user(person, confirmed=False).filter(pk=device_id).first()
    )
    return device


def recovery_codes_left(person: User) -> int:
    """How many recovery codes a person has not used."""
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


def open_invitations() -> QuerySet[OneTimeLink]:
    """Invitations neither used nor revoked, newest first; some may have expired."""
    open_ones = OneTimeLink.objects.filter(kind=OneTimeLink.Kind.INVITATION, used_at=None, revoked_at=None)
    return open_ones.select_related("made_by").order_by("-made_at", "-pk")


def usable_links(secret: str, kind: str, at: datetime) -> QuerySet[OneTimeLink]:
    """The usable link of a secret: one or none."""
    return OneTimeLink.objects.filter(
        digest=digest(secret), kind=kind, used_at=None, revoked_at=None, expires_at__gt=at
    )


def digest(secret: str) -> str:
    """The stored digest of a link's secret; 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def active_sessions(person: User, current: str | None, at: datetime) -> list[ActiveSession]:
    """The sessions of a person, the current one first, then by last use."""
    sign_ins = SignIn.objects.filter(person=person, session__expire_date__gt=at).order_by("-seen_at")
    listed = [
        ActiveSession(
            sign_in.pk,
            device_name(sign_in.device),
            sign_in.address,
            sign_in.since,
            sign_in.seen_at,
            sign_in.session_id == current,
        )
        for sign_in in sign_ins
    ]
    return sorted(listed, key=lambda place: not place.current)


def signed_in_since(session_key: str) -> datetime | None:
    """When the sign-in of a session began."""
    return SignIn.objects.filter(session_id=session_key).values_list("since", flat=True).first()


def device_name(agent: str) -> str:
    """Browser and operating system of a user agent; empty if unknown.

    >>> device_name("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0")
    'Edge · Windows'
    """
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


def rights_table() -> list[RightRow]:
    """Every right and the roles that have it, in the reader's language."""
    return [RightRow(right, text(right.phrase), [role in right.roles for role in Role]) for right in rights()]


def person_by_id(person_id: int) -> User | None:
    """The person with that id."""
    return User.objects.filter(pk=person_id).annotate(places=Count("sign_ins"), second=SECOND).first()
