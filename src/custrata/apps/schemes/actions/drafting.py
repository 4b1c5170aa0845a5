"""Create, save and discard drafts of schemes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.schemes.models import SchemeDraft
from custrata.apps.schemes.queries.drafts import definition_name, key_exists, library, scheme_state
from custrata.errors import BadInput, Refused
from custrata.tiering.fields import KEY
from custrata.tiering.names import scheme_name, tier_name
from custrata.wording import LANGUAGES, phrase

RESERVED = frozenset({"new", "runs", "none", "all"})  # used by URLs of their own


class DraftChangedMeanwhile(Refused):
    template = (
        "Somebody saved another draft of {scheme} after you opened it; yours was not saved. "
        "Your changes are still in the form: compare both and save again."
    )


class NoDraft(Refused):
    template = "There is no draft of {scheme}: it was published or discarded. Nothing was changed."


class KeyTaken(Refused):
    template = "The key {key} is or was used by another scheme. Choose another key."


class BadKey(BadInput):
    template = (
        "“{key}” is not a valid scheme key: use lower-case letters, digits and underscores, at most 40, a letter first."
    )


@transaction.atomic
def save_draft(
    *, key: str, definition: Mapping[str, Any], note: str, revision: datetime | None, actor: User | None, at: datetime
) -> SchemeDraft:
    """Save the draft of a scheme, complete or not.

    `revision` is the save time of the draft the change is based on, None for a new draft. Saving the same draft again
    changes nothing. Raises `DraftChangedMeanwhile`, `KindIsTaken`, `BadKey`.
    """
    stored = SchemeDraft.objects.select_for_update().filter(scheme=key).first()
    if (stored.at if stored else None) != revision:
        raise DraftChangedMeanwhile(scheme=key)
    content = {**definition, "key": key}
    library().check_kind(key, content.get("kind"), name=definition_name(content))
    if stored is not None and stored.definition == content and stored.note == note:
        return stored
    facts = {"definition": content, "note": note, "author": actor, "at": at}
    if stored is None:
        draft, created = SchemeDraft.objects.get_or_create(scheme=_validated_key(key), defaults=facts)
        saved = int(created)
    else:
        saved = SchemeDraft.objects.filter(scheme=key, at=stored.at).update(**facts)
        draft = SchemeDraft.objects.get(scheme=key)
    if saved != 1:
        raise DraftChangedMeanwhile(scheme=key)
    record(draft, "tiers.draft", stored.definition if stored else None, content, actor=actor, at=at)
    return draft


@transaction.atomic
def discard_draft(*, key: str, revision: datetime | None, actor: User | None, at: datetime) -> None:
    """Delete a draft; the published version is kept. Raises `NoDraft`, `DraftChangedMeanwhile`."""
    draft = SchemeDraft.objects.select_for_update().filter(scheme=key).first()
    if draft is None:
        raise NoDraft(scheme=key)
    if revision is not None and draft.at != revision:
        raise DraftChangedMeanwhile(scheme=key)
    draft.delete()
    record(draft, "tiers.draft_discarded", draft.definition, actor=actor, at=at)


@transaction.atomic
def copy_scheme(*, key: str, new_key: str, actor: User | None, at: datetime) -> SchemeDraft:
    """Create a new scheme as a copy of another one, including its names. Raises `NoDraft`, `KeyTaken`, `BadKey`."""
    state = scheme_state(key)
    if state is None:
        raise NoDraft(scheme=key)
    return create_scheme(key=new_key, definition=_named_copy(key, state.data), actor=actor, at=at)


@transaction.atomic
def create_scheme(*, key: str, definition: Mapping[str, Any], actor: User | None, at: datetime) -> SchemeDraft:
    """Create the draft of a new scheme. Raises `KeyTaken`, `BadKey`."""
    if key_exists(_validated_key(key)):
        raise KeyTaken(key=key)
    return save_draft(key=key, definition=definition, note="", revision=None, actor=actor, at=at)


def free_key(base: str) -> str:
    """The given key, with a number appended if it is taken."""
    return next(key for key in (base, *(f"{base}_{number}" for number in range(2, 1000))) if not key_exists(key))


def _validated_key(key: str) -> str:
    if not KEY.fullmatch(key) or key.isdigit() or key in RESERVED:
        raise BadKey(key=key)
    return key


def _named_copy(key: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """The definition with explicit names, so that the copy keeps the translated names of a built-in scheme."""
    record = {"definition": data}
    names = {
        language: phrase("schemes", "drafts.copy_of", language, scheme=scheme_name(key, language, record))[:60]
        for language in LANGUAGES
    }
    tiers = [
        {**tier, "names": {language: tier_name(key, tier["key"], language, record) for language in LANGUAGES}}
        for tier in data.get("tiers") or ()
    ]
    return {**data, "names": names, **({"tiers": tiers} if tiers else {})}
