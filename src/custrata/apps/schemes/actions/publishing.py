"""Publish, roll back, retire and restore schemes. Each takes effect with the next refresh."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.schemes.actions.drafting import DraftChangedMeanwhile, NoDraft
from custrata.apps.schemes.models import SchemeDraft
from custrata.apps.tiers.actions import PublicationAudit, start_refresh
from custrata.apps.tiers.queries.refreshes import refresh_under_way
from custrata.errors import BadInput
from custrata.pipeline.publishing import Publisher, Verb
from custrata.tiering import Definition, Publication, Version, define
from custrata.web.workspace import workspace


class SentTwice(BadInput):
    template = "The scheme {scheme} is listed twice. Keep one of them."


@dataclass(frozen=True)
class RefreshingAudit(PublicationAudit):
    """Records publications, and starts a refresh for them unless one is running or queued."""

    actor: User | None

    def record(self, verb: Verb, publications: Sequence[Publication]) -> None:
        """Start the refresh and write the audit rows."""
        if refresh_under_way() is None:
            start_refresh(as_of=None, actor=self.actor, at=self.at)
        super().record(verb, publications)


@transaction.atomic
def publish_draft(*, key: str, note: str, revision: datetime | None, actor: User | None, at: datetime) -> Version:
    """Publish a draft as the newest version of its scheme, delete the draft, and start a refresh unless one is queued.

    Raises `NoDraft`, `DraftChangedMeanwhile`, and what `define` and `Publisher.publish_changed` raise.
    """
    draft = SchemeDraft.objects.select_for_update().filter(scheme=key).first()
    if draft is None:
        raise NoDraft(scheme=key)
    if draft.at != revision:
        raise DraftChangedMeanwhile(scheme=key)
    definition = define(draft.definition)
    draft.delete()
    return _publisher(actor, at).publish_changed(definition, note=note)


@transaction.atomic
def apply_schemes(*, definitions: Sequence[Definition], note: str, actor: User, at: datetime) -> list[Version]:
    """Publish these schemes, all or none, and start a refresh; unchanged schemes are skipped.

    Returns the published version of each scheme. Raises `SentTwice`, and what `Publisher.publish` raises.
    """
    keys = [definition.key for definition in definitions]
    for key in keys:
        if keys.count(key) > 1:
            raise SentTwice(scheme=key)
    return _publisher(actor, at).publish(definitions, note=note, verb="apply")


@transaction.atomic
def roll_back(*, key: str, number: int, note: str = "", actor: User | None, at: datetime) -> Version:
    """Publish an old version again under a new number. Raises what `Publisher.roll_back` raises."""
    return _publisher(actor, at).roll_back(key, number, note=note)


@transaction.atomic
def retire_scheme(*, key: str, actor: User | None, at: datetime) -> None:
    """Retire a scheme from the next refresh on. Raises `NoSuchVersion`, `StillRead`."""
    _publisher(actor, at).retire(key)


@transaction.atomic
def restore_scheme(*, key: str, actor: User | None, at: datetime) -> Version:
    """Restore the newest version of a retired scheme. Raises `NoSuchVersion`, `NothingToPublish`."""
    return _publisher(actor, at).restore(key)


def _publisher(actor: User | None, at: datetime) -> Publisher:
    return Publisher(workspace(), RefreshingAudit(actor, at), by=str(actor or ""), at=at)
