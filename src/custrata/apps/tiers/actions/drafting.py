"""Change a scheme in a draft that nobody is graded by."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record_change
from custrata.apps.tiers.models import Draft
from custrata.apps.tiers.queries.drafts import definition_name, is_known, library, standing
from custrata.errors import BadInput, Refused
from custrata.tiering.fields import KEY
from custrata.tiering.names import scheme_name, tier_name
from custrata.wording import LANGUAGES, phrase

RESERVED = frozenset({"new", "runs", "none", "all"})  # addresses of their own


class DraftChangedMeanwhile(Refused):
    template = (
        "Somebody saved another draft of {scheme} after you opened it; yours was not saved. "
        "What you typed still stands in the form: look at both and save again."
    )


class NoDraft(Refused):
    template = "There is no draft of {scheme}: it was published or discarded. Nothing was done."


class KeyTaken(Refused):
    template = "There is a scheme, or was one, with the key {key}. Choose another key."


class BadKey(BadInput):
    template = (
        "“{key}” cannot be the key of a scheme: small letters, digits and underscores, at most 40, a letter first."
    )


class KindCannotChange(Refused):
    template = "The scheme {scheme} is of the kind {kind}; another kind takes another scheme. Make a new one."


@transaction.atomic
def save_draft(
    *, key: str, definition: Mapping[str, Any], note: str, seen: datetime | None, actor: User | None, at: datetime
) -> Draft:
    """Keep a draft of a scheme, finished or not; `seen` is when the draft was saved that the person changed, if any.

    The same draft once more changes nothing. Raises `DraftChangedMeanwhile`, `KindCannotChange`, `BadKey`.
    """
    held = Draft.objects.select_for_update().filter(scheme=key).first()
    if (held.at if held else None) != seen:
        raise DraftChangedMeanwhile(scheme=key)
    kept = {**definition, "key": key}
    _check_kind(key, kept)
    if held is not None and held.definition == kept and held.note == note:
        return held
    facts = {"definition": kept, "note": note, "author": actor, "at": at}
    if held is None:
        found, made = Draft.objects.get_or_create(scheme=_checked(key), defaults=facts)
        saved = int(made)
    else:
        saved = Draft.objects.filter(scheme=key, at=held.at).update(**facts)
        found = Draft.objects.get(scheme=key)
    if saved != 1:
        raise DraftChangedMeanwhile(scheme=key)
    _tell("draft", key, before=held.definition if held else None, after=kept, actor=actor, at=at)
    return found


@transaction.atomic
def discard_draft(*, key: str, seen: datetime | None, actor: User | None, at: datetime) -> None:
    """Drop a draft; what is published stays. Raises `NoDraft`, `DraftChangedMeanwhile`."""
    held = Draft.objects.select_for_update().filter(scheme=key).first()
    if held is None:
        raise NoDraft(scheme=key)
    if seen is not None and held.at != seen:
        raise DraftChangedMeanwhile(scheme=key)
    held.delete()
    _tell("draft_discarded", key, before=held.definition, after=None, actor=actor, at=at)


@transaction.atomic
def copy_scheme(*, key: str, new_key: str, actor: User | None, at: datetime) -> Draft:
    """Begin a scheme of one's own as a copy of another, names and all. Raises `NoDraft`, `KeyTaken`, `BadKey`."""
    found = standing(key)
    if found is None:
        raise NoDraft(scheme=key)
    return begin_scheme(key=new_key, definition=_named_copy(key, found.data), actor=actor, at=at)


@transaction.atomic
def begin_scheme(*, key: str, definition: Mapping[str, Any], actor: User | None, at: datetime) -> Draft:
    """Begin a new scheme as a draft. Raises `KeyTaken`, `BadKey`."""
    if is_known(_checked(key)):
        raise KeyTaken(key=key)
    return save_draft(key=key, definition=definition, note="", seen=None, actor=actor, at=at)


def free_key(wanted: str) -> str:
    """The wanted key, with a number behind it where it is taken."""
    return next(key for key in (wanted, *(f"{wanted}_{number}" for number in range(2, 1000))) if not is_known(key))


def _checked(key: str) -> str:
    if not KEY.fullmatch(key) or key.isdigit() or key in RESERVED:
        raise BadKey(key=key)
    return key


def _check_kind(key: str, data: Mapping[str, Any]) -> None:
    """A version of another kind would break the scheme's history."""
    versions = library().versions(key)
    if versions and data.get("kind") != versions[0].definition.kind:
        raise KindCannotChange(scheme=definition_name(data), kind=versions[0].definition.kind)


def _named_copy(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with the names that wording gives a built-in scheme, so that the copy keeps them."""
    decided = {"definition": data}
    names = {
        language: phrase("tiers", "drafts.copy_of", language, scheme=scheme_name(key, language, decided))[:60]
        for language in LANGUAGES
    }
    tiers = [
        {**tier, "names": {language: tier_name(key, tier["key"], language, decided) for language in LANGUAGES}}
        for tier in data.get("tiers") or ()
    ]
    return {**data, "names": names, **({"tiers": tiers} if tiers else {})}


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
