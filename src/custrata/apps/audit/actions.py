"""Write down what was changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from custrata.apps.audit.models import Change

SECRET = re.compile(r"password|token|secret|session_key", re.IGNORECASE)


class Actor(Protocol):
    """Whoever did it: a user, seen from below."""

    @property
    def pk(self) -> int: ...

    @property
    def username(self) -> str: ...


def record_change(
    *,
    actor: Actor | None,
    at: datetime,
    action: str,
    subject: str,
    subject_id: str,
    customer_id: str | None = None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Write down one change, in the transaction of the change itself.

    `action` is `<app>.<verb>`; the app's wording names it under `audit.<verb>`. `actor` is None where the server did
    it by itself. Raises `ValueError` when `before` or `after` names something that must never be written down.
    """
    for name in (*(before or ()), *(after or ())):
        if SECRET.search(name):
            raise ValueError(f"{name} is never written into the audit")
    Change.objects.create(
        at=at,
        actor_id=actor.pk if actor else None,
        actor_name=actor.username if actor else "",
        action=action,
        subject=subject,
        subject_id=str(subject_id),
        customer_id=customer_id,
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
