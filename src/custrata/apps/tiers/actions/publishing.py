"""Publish schemes: from the next refresh on customers are graded by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.jobs.models import Job
from custrata.apps.tiers.actions.drafting import DraftChangedMeanwhile, NoDraft
from custrata.apps.tiers.actions.refreshing import start_refresh
from custrata.apps.tiers.models import Draft
from custrata.apps.tiers.queries.drafts import library
from custrata.apps.tiers.queries.refreshes import refresh_under_way
from custrata.errors import BadInput
from custrata.pipeline.drafts import check_definitions
from custrata.tiering import Definition, Version, define
from custrata.tiering.library import NoSuchVersion, NothingToPublish
from custrata.web.workspace import workspace


class SentTwice(BadInput):
    template = "The scheme {scheme} is there twice. Keep one of them."


@transaction.atomic
def publish_draft(*, key: str, note: str, seen: datetime | None, actor: User | None, at: datetime) -> Version:
    """Publish a draft as the newest version of its scheme, drop the draft, and start a refresh unless one is under way.

    Raises `NoDraft`, `DraftChangedMeanwhile`, `NothingToPublish`, and what `define`, `check_definitions` and
    `SchemeLibrary.publish` raise.
    """
    held = Draft.objects.select_for_update().filter(scheme=key).first()
    if held is None:
        raise NoDraft(scheme=key)
    if held.at != seen:
        raise DraftChangedMeanwhile(scheme=key)
    definition = define(held.definition)
    held.delete()
    return _publish(definition, "publish", note=note, actor=actor, at=at)


@transaction.atomic
def apply_schemes(*, definitions: Sequence[Definition], note: str, actor: User, at: datetime) -> list[Version]:
    """Publish these schemes, all or none, and start a refresh; what is published just so is left alone.

    Returns the version of each that is published now. Raises `SentTwice`, and what `check_definitions` and
    `SchemeLibrary.publish` raise.
    """
    keys = [one.key for one in definitions]
    for key in keys:
        if keys.count(key) > 1:
            raise SentTwice(scheme=key)
    shelf = library()
    before = shelf.published()
    with workspace().engine() as engine:
        check_definitions(workspace(), definitions, engine)
    fresh = [one for one in definitions if one.key not in before or before[one.key].definition != one]
    if fresh:
        _refresh(actor, at)
        shelf.publish(fresh, by=str(actor), at=at, note=note.strip())
    now = shelf.published()
    for one in fresh:
        _tell("apply", one.key, before=_said(before.get(one.key)), after=_said(now[one.key]), actor=actor, at=at)
    return [now[key] for key in keys]


@transaction.atomic
def roll_back(*, key: str, number: int, note: str = "", actor: User | None, at: datetime) -> Version:
    """Publish an old version again, as a new one. Raises `NoSuchVersion`, and as publishing does."""
    old = library().version(key, number)
    return _publish(old.definition, "roll_back", note=note, actor=actor, at=at)


@transaction.atomic
def retire_scheme(*, key: str, actor: User | None, at: datetime) -> None:
    """Grade by a scheme no more from the next refresh on. Raises `NoSuchVersion`, `StillRead`."""
    before = library().published().get(key)
    if before is None:
        raise NoSuchVersion(scheme=key, version="?")
    _refresh(actor, at)
    library().retire(key)
    _tell("retire", key, before=_said(before), after=None, actor=actor, at=at)


@transaction.atomic
def restore_scheme(*, key: str, actor: User | None, at: datetime) -> Version:
    """Grade by the newest version of a retired scheme again. Raises `NoSuchVersion`, `NothingToPublish`."""
    if (held := library().published().get(key)) is not None:
        raise NothingToPublish(scheme=key, version=held.number)
    _refresh(actor, at)
    found = library().restore(key)
    _tell("restore", key, before=None, after=_said(found), actor=actor, at=at)
    return found


def _publish(definition: Definition, verb: str, *, note: str, actor: User | None, at: datetime) -> Version:
    """Write the version last, so that what fails in the database leaves the folder as it was."""
    shelf = library()
    before = shelf.published().get(definition.key)
    with workspace().engine() as engine:
        check_definitions(workspace(), [definition], engine)
    _refresh(actor, at)
    made = shelf.publish([definition], by=str(actor or ""), at=at, note=note.strip())
    if not made:
        raise NothingToPublish(scheme=definition.key, version=before.number if before else "?")
    _tell(verb, definition.key, before=_said(before), after=_said(made[0]), actor=actor, at=at)
    return made[0]


def _refresh(actor: User | None, at: datetime) -> Job | None:
    """Start a refresh, unless one is under way; that one, or the one after it, grades by the new version."""
    return None if refresh_under_way() is not None else start_refresh(as_of=None, actor=actor, at=at)


def _said(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {"version": version.number, "note": version.note, "definition": version.definition.data()}


def _tell(
    verb: str,
    key: str,
    *,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    actor: User | None,
    at: datetime,
) -> None:
    record_change(
        actor=actor, at=at, action=f"tiers.{verb}", subject="scheme", subject_id=key, before=before, after=after
    )
