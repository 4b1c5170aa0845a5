"""Scheme drafts and versions, and what takes effect with the next refresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custrata.apps.schemes.models import SchemeDraft
from custrata.apps.tiers.queries.runs import newest
from custrata.tiering import SchemeLibrary, Version
from custrata.tiering.names import scheme_name
from custrata.web import texts
from custrata.web.workspace import workspace


def library() -> SchemeLibrary:
    """The scheme library of the workspace."""
    return SchemeLibrary(workspace())


def draft(key: str) -> SchemeDraft | None:
    """The draft of a scheme."""
    return SchemeDraft.objects.select_related("author").filter(scheme=key).first()


def drafts() -> dict[str, SchemeDraft]:
    """Every draft by its scheme."""
    return {draft.scheme: draft for draft in SchemeDraft.objects.select_related("author").order_by("scheme")}


def key_exists(key: str) -> bool:
    """Whether a scheme with this key exists or existed, or a draft of one."""
    return key in library().published() or bool(library().versions(key)) or draft(key) is not None


def definition_name(data: Mapping[str, Any]) -> str:
    """The name of a definition in the reader's language."""
    return scheme_name(str(data.get("key", "")), texts.language(), {"definition": data})


@dataclass(frozen=True)
class SchemeState:
    """The state of a scheme: its published version, its draft, and the version used by the newest run.

    `data` is the definition to edit: the draft, else the newest version.
    """

    key: str
    published: Version | None
    latest: Version | None
    draft: SchemeDraft | None
    graded: int | None

    @property
    def data(self) -> Mapping[str, Any]:
        """The definition to edit."""
        if self.draft is not None:
            return dict(self.draft.definition)
        return self.latest.definition.data() if self.latest else {}

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return definition_name(self.data)

    @property
    def waits(self) -> bool:
        """Whether the next refresh uses another version than the newest run, or none."""
        return (self.published.number if self.published else None) != self.graded

    @property
    def is_retired(self) -> bool:
        """Whether it has versions and none is published."""
        return self.published is None and self.latest is not None

    @property
    def revision(self) -> str:
        """The last save time of the draft, as submitted by forms; empty without a draft."""
        return self.draft.at.isoformat() if self.draft else ""


def scheme_state(key: str) -> SchemeState | None:
    """The state of a scheme; None if there is no scheme with this key."""
    schemes = library()
    published, versions, stored_draft = schemes.published().get(key), schemes.versions(key), draft(key)
    if not versions and stored_draft is None:
        return None
    return SchemeState(key, published, versions[0] if versions else None, stored_draft, _graded_versions().get(key))


def scheme_states() -> dict[str, SchemeState]:
    """The states of all schemes: published, retired, and those with only a draft."""
    schemes, drafts_by_key, graded = library(), drafts(), _graded_versions()
    published = schemes.published()
    keys = dict.fromkeys((*published, *schemes.retired(), *drafts_by_key))
    latest = {key: published.get(key) or next(iter(schemes.versions(key)), None) for key in keys}
    return {
        key: SchemeState(key, published.get(key), latest[key], drafts_by_key.get(key), graded.get(key)) for key in keys
    }


def _graded_versions() -> dict[str, int]:
    """The version of each scheme used by the newest run."""
    run = newest()
    return {} if run is None else {key: graded.version for key, graded in run.schemes.items()}


def unpublished() -> list[SchemeDraft]:
    """Drafts of schemes that were never published."""
    return [draft for key, draft in drafts().items() if not library().versions(key)]
