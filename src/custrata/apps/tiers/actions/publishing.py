"""Publish, roll back, retire and restore schemes. Each takes effect with the next refresh."""

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
    template = "The scheme {scheme} is listed twice. Keep one of them."


@transaction.atomic
def publish_draft(*, key: str, note: str, revision: datetime | None, actor: User | None, at: datetime) -> Version:
    """Publish a draft as the newest version of its scheme, delete the draft, and start a refresh unless one is queued.

    Raises `NoDraft`, `DraftChangedMeanwhile`, `NothingToPublish`, and what `define`, `check_definitions` and
    `SchemeLibrary.publish` raise.
    """
    draft = Draft.objects.select_for_update().filter(scheme=key).first()
    if draft is None:
        raise NoDraft(scheme=key)
    if draft.at != revision:
        raise DraftChangedMeanwhile(scheme=key)
    definition = define(draft.definition)
    draft.delete()
    return _publish(definition, "publish", note=note, actor=actor, at=at)


@transaction.atomic
def apply_schemes(*, definitions: Sequence[Definition], note: str, actor: User, at: datetime) -> list[Version]:
    """Publish these schemes, all or none, and start a refresh; unchanged schemes are skipped.

    Returns the published version of each scheme. Raises `SentTwice`, and what `check_definitions` and
    `SchemeLibrary.publish` raise.
    """
    keys = [definition.key for definition in definitions]
    for key in keys:
        if keys.count(key) > 1:
            raise SentTwice(scheme=key)
    schemes = library()
    before = schemes.published()
    with workspace().engine() as engine:
        check_definitions(workspace(), definitions, engine)
    fresh = [
        definition
        for definition in definitions
        if definition.key not in before or before[definition.key].definition != definition
    ]
    if fresh:
        _refresh(actor, at)
        schemes.publish(fresh, by=str(actor), at=at, note=note.strip())
    now = schemes.published()
    for definition in fresh:
        _record(
            "apply",
            definition.key,
            before=_version_data(before.get(definition.key)),
            after=_version_data(now[definition.key]),
            actor=actor,
            at=at,
        )
    return [now[key] for key in keys]


@transaction.atomic
def roll_back(*, key: str, number: int, note: str = "", actor: User | None, at: datetime) -> Version:
    """Publish an old version again under a new number. Raises `NoSuchVersion`, and what publishing raises."""
    previous = library().version(key, number)
    return _publish(previous.definition, "roll_back", note=note, actor=actor, at=at)


@transaction.atomic
def retire_scheme(*, key: str, actor: User | None, at: datetime) -> None:
    """Retire a scheme from the next refresh on. Raises `NoSuchVersion`, `StillRead`."""
    before = library().published().get(key)
    if before is None:
        raise NoSuchVersion(scheme=key, version="?")
    _refresh(actor, at)
    library().retire(key)
    _record("retire", key, before=_version_data(before), after=None, actor=actor, at=at)


@transaction.atomic
def restore_scheme(*, key: str, actor: User | None, at: datetime) -> Version:
    """Restore the newest version of a retired scheme. Raises `NoSuchVersion`, `NothingToPublish`."""
    if (published := library().published().get(key)) is not None:
        raise NothingToPublish(scheme=key, version=published.number)
    _refresh(actor, at)
    restored = library().restore(key)
    _record("restore", key, before=None, after=_version_data(restored), actor=actor, at=at)
    return restored


def _publish(definition: Definition, verb: str, *, note: str, actor: User | None, at: datetime) -> Version:
    """Publish one definition. The version file is written last: a database error leaves the folder unchanged."""
    schemes = library()
    before = schemes.published().get(definition.key)
    with workspace().engine() as engine:
        check_definitions(workspace(), [definition], engine)
    _refresh(actor, at)
    versions = schemes.publish([definition], by=str(actor or ""), at=at, note=note.strip())
    if not versions:
        raise NothingToPublish(scheme=definition.key, version=before.number if before else "?")
    _record(verb, definition.key, before=_version_data(before), after=_version_data(versions[0]), actor=actor, at=at)
    return versions[0]


def _refresh(actor: User | None, at: datetime) -> Job | None:
    """Start a refresh unless one is running or queued."""
    return None if refresh_under_way() is not None else start_refresh(as_of=None, actor=actor, at=at)


def _version_data(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {"version": version.number, "note": version.note, "definition": version.definition.data()}


def _record(
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
