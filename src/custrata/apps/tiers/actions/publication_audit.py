"""Publications of schemes in the audit log, whether they come from a page, the REST API or the command line."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.audit.actions import Actor, record
from custrata.apps.audit.models import Change, Subject
from custrata.pipeline.publishing import Verb
from custrata.tiering import Publication, Version


@dataclass(frozen=True)
class PublicationAudit:
    """Records publications in the audit log (implements `custrata.pipeline.publishing.PublicationLog`)."""

    actor: Actor | None
    at: datetime

    def transaction(self) -> AbstractContextManager[object]:
        """A transaction of the database."""
        return transaction.atomic()

    def record(self, verb: Verb, publications: Sequence[Publication]) -> None:
        """Write an audit row for each scheme."""
        for publication in publications:
            subject = Subject("scheme", publication.key)
            before, after = _version_data(publication.before), _version_data(publication.after)
            record(subject, f"tiers.{verb}", before, after, actor=self.actor, at=self.at)

    def record_missing(self, versions: Sequence[Version]) -> None:
        """Write an audit row for each version that has none, as the actor's publication now."""
        for version in versions:
            rows = Change.objects.filter(subject="scheme", subject_id=version.key, after__version=version.number)
            if not rows.exists():
                subject = Subject("scheme", version.key)
                record(subject, "tiers.publish", None, _version_data(version), actor=self.actor, at=self.at)


def _version_data(version: Version | None) -> dict[str, Any] | None:
    if version is None:
        return None
    return {"version": version.number, "note": version.note, "definition": version.definition.data()}
