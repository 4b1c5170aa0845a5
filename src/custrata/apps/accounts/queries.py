"""What is known of people: who there is, where they are signed in, which links are open."""

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


class Row(NamedTuple):
    """A right, what it is called, and which roles have it, in the order of the roles."""

    right: Right
    name: str
    roles: list[bool]


@dataclass(frozen=True)
class Place:
    """One place a person is signed in at."""

    number: int
    device: str
    address: str | None
    since: datetime
    seen_at: datetime
    current: bool


# The first name found is the one meant: the later ones stand in the earlier ones' texts too.
BROWSERS = {"MicroMessenger": "WeChat", "Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "FxiOS": "Firefox"}
BROWSERS |= {"Chrome": "Chrome", "CriOS": "Chrome", "Safari": "Safari", "curl": "curl", "python": "Python"}
SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS X": "macOS"}
SECOND = Exists(TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True))
SYSTEMS |= {"CrOS": "ChromeOS", "Linux": "Linux"}


def people() -> QuerySet[User]:
    """Everybody, with `places`, the number of their open sessions, and `second`, whether they sign in with two steps.

    Those who may sign in come first.
    """
    return User.objects.annotate(places=Count("sign_ins"), second=SECOND).order_by("-is_active", Lower("username"))


def administered() -> bool:
    """Whether there is an active administrator."""
    return User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists()


def locked_out(at: datetime) -> set[str]:
    """Folded user names that too many wrong passwords keep out from some address."""
    recent = AccessAttempt.objects.filter(attempt_time__gt=at - axes.AXES_COOLOFF_TIME)
    counted = recent.values("username", "ip_address").annotate(failures=Sum("failures_since_start"))
    over = counted.filter(failures__gte=axes.AXES_FAILURE_LIMIT)
    return {name for name in over.values_list("username", flat=True) if name}


def too_many_failures(counted: str | None, address: str | None, at: datetime) -> bool:
    """Whether sign-ins from an address are put off: after failures for many names from there, or from everywhere.

    `counted` is what failures from the address are counted for. What comes from everywhere keeps out nobody at an
    address where somebody is signed in.
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
    """The person of a user name, however it is spelt."""
    return User.objects.named(username)


def second_factor(person: User) -> TOTPDevice | None:
    """The authenticator whose codes a person signs in with; None where the password is enough."""
    device: TOTPDevice | None = TOTPDevice.objects.devices_for_user(person, confirmed=True).first()
    return device


def set_up_in_progress(person: User, device_id: object) -> TOTPDevice | None:
    """The authenticator that a person is about to confirm."""
    device: TOTPDevice | None = (
        TOTPDevice.objects.devices_for_user(person, confirmed=False).filter(pk=device_id).first()
    )
    return device


def recovery_codes_left(person: User) -> int:
    """How many recovery codes a person has not used."""
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


def open_invitations() -> QuerySet[OneTimeLink]:
    """Invitations neither used nor withdrawn, the newest first; some may have run out."""
    open_ones = OneTimeLink.objects.filter(kind=OneTimeLink.Kind.INVITATION, used_at=None, revoked_at=None)
    return open_ones.select_related("made_by").order_by("-made_at", "-pk")


def usable_links(secret: str, kind: str, at: datetime) -> QuerySet[OneTimeLink]:
    """The link of a secret, as long as it can be used: one or none."""
    return OneTimeLink.objects.filter(
        digest=digest(secret), kind=kind, used_at=None, revoked_at=None, expires_at__gt=at
    )


def digest(secret: str) -> str:
    """What is kept of a link's secret: of 256 random bits a plain digest tells nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


def places(person: User, current: str | None, at: datetime) -> list[Place]:
    """Where a person is signed in, this session first, then the one last used."""
    found = SignIn.objects.filter(person=person, session__expire_date__gt=at).order_by("-seen_at")
    listed = [
        Place(one.pk, device_name(one.device), one.address, one.since, one.seen_at, one.session_id == current)
        for one in found
    ]
    return sorted(listed, key=lambda place: not place.current)


def signed_in_since(session_key: str) -> datetime | None:
    """Since when somebody is signed in with a session."""
    return SignIn.objects.filter(session_id=session_key).values_list("since", flat=True).first()


def device_name(agent: str) -> str:
    """Browser and system in a few words, as far as the browser says; empty where it does not.

    >>> device_name("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0")
    'Edge · Windows'
    """
    browser = next((name for mark, name in BROWSERS.items() if mark in agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), "")
    return " · ".join(part for part in (browser, system) if part)


def rights_table() -> list[Row]:
    """Every right and who has it, as the apps declare it, in the reader's language."""
    return [Row(right, text(right.phrase), [role in right.roles for role in Role]) for right in rights()]


def found_person(person_id: int) -> User | None:
    """The person of that number."""
    return User.objects.filter(pk=person_id).annotate(places=Count("sign_ins"), second=SECOND).first()
