"""One process of all there are looks after something: the one that holds its lease."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from custrata.apps.jobs.models import Lease
from custrata.apps.jobs.queries import is_gone


def take_lease(name: str, holder: str, *, at: datetime, lasts: timedelta) -> bool:
    """Take or renew a lease; whether one holds it now.

    It is free when it has run out, was given back, or its holder is known to be gone.
    """
    Lease.objects.get_or_create(name=name, defaults={"until": at})
    taken = {"holder": holder, "until": at + lasts}
    free = Q(holder=holder) | Q(holder="") | Q(until__lte=at)
    if Lease.objects.filter(free, name=name).update(**taken) == 1:
        return True
    other = Lease.objects.get(name=name).holder
    return is_gone(other) and Lease.objects.filter(name=name, holder=other).update(**taken) == 1


def release_lease(name: str, holder: str) -> None:
    """Give a lease back, if one holds it."""
    Lease.objects.filter(name=name, holder=holder).update(holder="")
