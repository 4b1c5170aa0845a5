"""Leases: at most one process at a time performs a singleton task."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from custrata.apps.jobs.models import Lease
from custrata.apps.jobs.queries import is_gone


def take_lease(name: str, holder: str, *, at: datetime, lasts: timedelta) -> bool:
    """Acquire or renew a lease; return whether `holder` has it now.

    It is free if it has expired, was released, or its holder is known to be gone.
    """
    Lease.objects.get_or_create(name=name, defaults={"until": at})
    taken = {"holder": holder, "until": at + lasts}
    free = Q(holder=holder) | Q(holder="") | Q(until__lte=at)
    if Lease.objects.filter(free, name=name).update(**taken) == 1:
        return True
    other = Lease.objects.get(name=name).holder
    return is_gone(other) and Lease.objects.filter(name=name, holder=other).update(**taken) == 1


def release_lease(name: str, holder: str) -> None:
    """Release a lease if `holder` has it."""
    Lease.objects.filter(name=name, holder=holder).update(holder="")
