"""Schemes as people change them: the draft, the versions, and what waits for the next refresh."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from custrata.apps.tiers.models import Draft
from custrata.apps.tiers.queries.runs import newest
from custrata.errors import BadInput
from custrata.tiering import SchemeLibrary, Version, define
from custrata.tiering.names import scheme_name
from custrata.web import texts
from custrata.web.workspace import workspace


def library() -> SchemeLibrary:
    """The schemes of the workspace that is served."""
    return SchemeLibrary(workspace())


def draft(key: str) -> Draft | None:
    """The draft of a scheme."""
    return Draft.objects.select_related("author").filter(scheme=key).first()


def drafts() -> dict[str, Draft]:
    """Every draft by its scheme."""
    return {held.scheme: held for held in Draft.objects.select_related("author").order_by("scheme")}


def is_known(key: str) -> bool:
    """Whether there is, or ever was, a scheme of that key, or a draft of one."""
    return key in library().published() or bool(library().versions(key)) or draft(key) is not None


def definition_name(data: Mapping[str, Any]) -> str:
    """What a definition is called in the reader's language."""
    return scheme_name(str(data.get("key", "")), texts.language(), {"definition": data})


@dataclass(frozen=True)
class Standing:
    """Where a scheme stands: its published version, its draft, and the version the newest run graded by.

    `data` is what one edits: the draft, else the newest version.
    """

    key: str
    published: Version | None
    latest: Version | None
    draft: Draft | None
    graded: int | None

    @property
    def data(self) -> Mapping[str, Any]:
        """What one edits."""
        if self.draft is not None:
            return dict(self.draft.definition)
        return self.latest.definition.data() if self.latest else {}

    @property
    def name(self) -> str:
        """What it is called."""
        return definition_name(self.data)

    @property
    def waits(self) -> bool:
        """Whether the next refresh grades by another version than the newest run did, or no more."""
        return (self.published.number if self.published else None) != self.graded

    @property
    def is_retired(self) -> bool:
        """Whether it has versions and none is published."""
        return self.published is None and self.latest is not None

    @property
    def seen(self) -> str:
        """When its draft was saved last, as a form carries it; empty without a draft."""
        return self.draft.at.isoformat() if self.draft else ""


def standing(key: str) -> Standing | None:
    """Where a scheme stands; nothing where there is none of that key."""
    shelf = library()
    published, versions, held = shelf.published().get(key), shelf.versions(key), draft(key)
    if not versions and held is None:
        return None
    return Standing(key, published, versions[0] if versions else None, held, _graded().get(key))


def standings() -> dict[str, Standing]:
    """Where every scheme stands: those in force, those that are retired, and those that are drafts only."""
    shelf, held, graded = library(), drafts(), _graded()
    published = shelf.published()
    keys = dict.fromkeys((*published, *shelf.retired(), *held))
    latest = {key: published.get(key) or next(iter(shelf.versions(key)), None) for key in keys}
    return {key: Standing(key, published.get(key), latest[key], held.get(key), graded.get(key)) for key in keys}


def _graded() -> dict[str, int]:
    """The version that the newest run graded each scheme by.

    Runs of before there were versions graded by the built-in schemes, which are their first version.
    """
    run = newest()
    decided = run.record["schemes"] if run is not None else {}
    return {key: int(found.get("version", 1)) for key, found in decided.items()}


def unpublished() -> list[Draft]:
    """Drafts of schemes that were never published."""
    return [held for key, held in drafts().items() if not library().versions(key)]


def problem(data: Mapping[str, Any]) -> BadInput | None:
    """Why a definition cannot be graded by, whole; nothing where it can."""
    try:
        define(data)
    except BadInput as error:
        return error
    return None
