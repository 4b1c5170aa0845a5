"""Publish schemes as they are handed in, and go back to an earlier version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.tiers.queries.library import shelf, version_of
from custrata.engine import DuckEngine
from custrata.errors import BadInput
from custrata.pipeline.drafts import check_definitions
from custrata.tiering import Definition, Version
from custrata.web.workspace import workspace


class SentTwice(BadInput):
    template = "The scheme {scheme} is there twice. Keep one of them."


@transaction.atomic
def apply_schemes(*, definitions: Sequence[Definition], note: str, actor: User, at: datetime) -> list[Version]:
    """Publish these schemes, all or none, from the next refresh on; what is published just so is left alone.

    Returns the version of each that is published now. Raises `SentTwice`, and what `check_definitions` and
    `SchemeLibrary.publish` do.
    """
    keys = [one.key for one in definitions]
    for key in keys:
        if keys.count(key) > 1:
            raise SentTwice(scheme=key)
    with DuckEngine(threads=1) as engine:
        check_definitions(workspace(), definitions, engine)
    library = shelf()
    before = library.published()
    # The files last, so that what fails in the database leaves them as they were.
    for one in definitions:
        number, former = library.next_number(one), before.get(one.key)
        if former is None or former.number != number:
            _record(one, number, note, former, actor=actor, at=at)
    library.publish(definitions, by=actor.username, at=at, note=note)
    now = library.published()
    return [now[one.key] for one in definitions]


@transaction.atomic
def apply_version(*, key: str, number: int, note: str, actor: User, at: datetime) -> Version:
    """Publish an earlier version again, under a new number. Raises `NoSuchScheme`, `NoSuchVersion`, and as above."""
    old = version_of(key, number)
    return apply_schemes(definitions=[old.definition], note=note, actor=actor, at=at)[0]


def _record(
    definition: Definition, number: int, note: str, former: Version | None, *, actor: User, at: datetime
) -> None:
    before = {"version": former.number, "definition": former.definition.data()} if former else None
    after: dict[str, Any] = {"version": number, "definition": definition.data(), "note": note}
    what: dict[str, Any] = {"action": "tiers.apply", "subject": "scheme", "subject_id": definition.key}
    record_change(**what, actor=actor, at=at, before=before, after=after)
