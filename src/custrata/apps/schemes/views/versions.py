"""The versions of a scheme: list, comparison, republishing, retiring and restoring."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.schemes.actions import restore_scheme, retire_scheme, roll_back
from custrata.apps.schemes.queries.drafts import library
from custrata.apps.schemes.rights import EDIT_SCHEMES, SEE_DRAFTS
from custrata.apps.schemes.views.condition_rows import sentence_of
from custrata.apps.schemes.views.drafts import state_or_404
from custrata.apps.schemes.views.effect import name_of
from custrata.apps.tiers.queries.refreshes import refresh_under_way
from custrata.apps.tiers.rights import SEE_TIERS
from custrata.tiering import Definition, Version
from custrata.tiering.comparing import Difference, differences
from custrata.tiering.library import NoSuchVersion
from custrata.tiering.names import trait_name
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns
from custrata.web.posting import redirect_after
from custrata.web.rights import may
from custrata.wording import LANGUAGES, catalogue

VERSIONS = Listing(
    "schemes.versions.list",
    (
        *columns("tiers.runs", "earlier", "later", earlier="choice", later="choice"),
        *columns("schemes.versions", "version", "when", "by", "what", "again", again="actions"),
    ),
    "schemes/parts/version_row.html",
)
NONE = Empty("history", "schemes.versions.none")
TRAITS = ("trait", "order_by", "target", "waits_for")


@dataclass(frozen=True)
class VersionDifference:
    """One place where two versions differ, in words."""

    place: str
    was: str
    now: str


@dataclass(frozen=True)
class VersionRow:
    """A version in the list, with its differences from the previous one."""

    version: Version
    lines: tuple[VersionDifference, ...]
    published: bool


@needs(SEE_TIERS)
@require_safe
def versions(request: HttpRequest, key: str) -> HttpResponse:
    """All versions, newest first, with their changes, and a comparison of two of them."""
    state, all_versions = state_or_404(key), library().versions(key)
    number = state.published.number if state.published else None
    older = [*all_versions[1:], None]
    rows = [
        VersionRow(
            version, lines_between(before.definition, version.definition) if before else (), version.number == number
        )
        for version, before in zip(all_versions, older, strict=True)
    ]
    context: dict[str, Any] = {
        "state": state,
        "table": VERSIONS.table(rows, without=() if len(rows) > 1 else ("earlier", "later"), empty=NONE),
        "comparable": len(rows) > 1,
        "chosen": {"before": all_versions[1].number, "after": all_versions[0].number} if len(rows) > 1 else {},
        "may_edit": may(request.user, EDIT_SCHEMES),
        "may_see_drafts": may(request.user, SEE_DRAFTS),
        "job": refresh_under_way(),
        "may_refresh": may(request.user, REFRESH),
    }
    numbers = [request.GET.get(name, "") for name in ("before", "after")]
    if all(digits.isascii() and digits.isdecimal() and len(digits) < 10 for digits in numbers):
        before, after = (_version(key, int(digits)) for digits in numbers)
        context["chosen"] = {"before": before.number, "after": after.number}
        context |= {"before": before, "after": after, "compared": lines_between(before.definition, after.definition)}
    return render(request, "schemes/versions.html", context)


@needs(SEE_TIERS)
@require_safe
def version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One version, and what republishing it would change."""
    state, old = state_or_404(key), _version(key, number)
    now = state.published
    context = {
        "state": state,
        "version": old,
        "lines": lines_between(now.definition, old.definition) if now else (),
        "is_published": now is not None and now.number == number,
        "may_edit": may(request.user, EDIT_SCHEMES),
        "text": old.text(),
    }
    return render(request, "schemes/version.html", context)


def _version(key: str, number: int) -> Version:
    try:
        return library().version(key, number)
    except NoSuchVersion as error:
        raise Http404(texts.sentence(error)) from error


@needs(EDIT_SCHEMES)
@require_POST
def republish(request: HttpRequest, key: str, number: int) -> HttpResponseBase:
    """Publish an old version again."""
    state_or_404(key)
    note = texts.text("schemes.versions.rolled_back_note", version=number)
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    to = reverse("schemes:versions", args=[key])
    message = texts.text("schemes.versions.rolled_back", version=number)
    return redirect_after(request, lambda: roll_back(key=key, number=number, note=note, **who), message, to=to)


@needs(EDIT_SCHEMES)
@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponseBase:
    """Retire a scheme."""
    state_or_404(key)
    to = reverse("schemes:versions", args=[key])
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    return redirect_after(request, lambda: retire_scheme(key=key, **who), texts.text("schemes.versions.retired"), to=to)


@needs(EDIT_SCHEMES)
@require_POST
def restore(request: HttpRequest, key: str) -> HttpResponseBase:
    """Restore a retired scheme."""
    state_or_404(key)
    to = reverse("schemes:versions", args=[key])
    who: dict[str, Any] = {"actor": current_user(request), "at": timezone.now()}
    return redirect_after(
        request, lambda: restore_scheme(key=key, **who), texts.text("schemes.versions.restored"), to=to
    )


def lines_between(old: Definition, new: Definition) -> tuple[VersionDifference, ...]:
    """The differences of two definitions, in words."""
    data = {**old.data(), **new.data()}
    tiers = {tier["key"]: tier for version_data in (old.data(), new.data()) for tier in version_data.get("tiers") or ()}
    named = {**data, "tiers": list(tiers.values())}
    return tuple(_line(named, difference) for difference in differences(old, new))


def _line(data: Mapping[str, Any], difference: Difference) -> VersionDifference:
    return VersionDifference(
        _place(data, difference.place),
        _value_text(difference.place, difference.was),
        _value_text(difference.place, difference.now),
    )


def _place(data: Mapping[str, Any], place: str) -> str:
    """The path of a difference as labels."""
    keys = {tier["key"] for tier in data["tiers"]}
    words = [
        name_of(data, part) if number and part in keys else _field(part) for number, part in enumerate(place.split("."))
    ]
    return texts.text("schemes.versions.within").join(
        words[1:] if len(words) > 2 and words[0] == _field("tiers") else words
    )


def _field(part: str) -> str:
    if part in LANGUAGES:
        return texts.text(f"schemes.languages.{part}")
    return texts.text(f"schemes.field.{part}") if f"field.{part}" in catalogue()["schemes"] else part


def _value_text(place: str, value: Any) -> str:
    """A value in words: the name of a trait, a condition as a sentence, anything else as text."""
    part = place.rpartition(".")[2]
    if value is None:
        return "–"
    if isinstance(value, bool):
        return texts.text("schemes.versions.yes" if value else "schemes.versions.no")
    if part in TRAITS:
        return trait_name(str(value), texts.language())
    if part in ("among", "when"):
        return sentence_of(value) or json.dumps(value, ensure_ascii=False)
    if f"choice.{value}" in catalogue()["schemes"]:
        return texts.text(f"schemes.choice.{value}")
    if isinstance(value, Mapping):
        parts = (
            (_field(name), _value_text(name, part_value))
            for name, part_value in value.items()
            if name not in ("key", "names")
        )
        return texts.text("schemes.versions.comma").join(f"{name} {part_value}" for name, part_value in parts) or "✓"
    if isinstance(value, list):
        return texts.text("schemes.versions.comma").join(_value_text("", element) for element in value)
    return str(value)
