"""The versions of a scheme: who changed what and when, two side by side, an old one again, in force or not."""

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

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.actions import restore_scheme, retire_scheme, roll_back
from custrata.apps.tiers.queries.drafts import library
from custrata.apps.tiers.queries.refreshes import refresh_under_way
from custrata.apps.tiers.rights import EDIT_SCHEMES, SEE_DRAFTS, SEE_TIERS
from custrata.apps.tiers.views.drafts import done, known_standing
from custrata.apps.tiers.views.effect import name_of
from custrata.apps.tiers.views.layout import sentence_of
from custrata.tiering import Definition, Version
from custrata.tiering.comparing import Difference, differences
from custrata.tiering.library import NoSuchVersion
from custrata.tiering.names import trait_name
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.wording import LANGUAGES, catalogue

TRAITS = ("trait", "order_by", "target", "waits_for")


@dataclass(frozen=True)
class Line:
    """One place where two versions differ, in words."""

    place: str
    was: str
    now: str


@dataclass(frozen=True)
class Row:
    """A version in the list, with what it changed against the one before."""

    version: Version
    lines: tuple[Line, ...]
    published: bool


@needs(SEE_TIERS)
@require_safe
def versions(request: HttpRequest, key: str) -> HttpResponse:
    """Every version, the newest first, with what each changed; two of them side by side."""
    found, held = known_standing(key), library().versions(key)
    number = found.published.number if found.published else None
    older = [*held[1:], None]
    rows = [
        Row(one, lines_between(before.definition, one.definition) if before else (), one.number == number)
        for one, before in zip(held, older, strict=True)
    ]
    shown: dict[str, Any] = {
        "standing": found,
        "rows": rows,
        "may_edit": may(request.user, EDIT_SCHEMES),
        "may_see_drafts": may(request.user, SEE_DRAFTS),
        "job": refresh_under_way(),
        "may_refresh": may(request.user, REFRESH),
    }
    asked = [request.GET.get(name, "") for name in ("before", "after")]
    if all(one.isascii() and one.isdecimal() and len(one) < 10 for one in asked):
        before, after = (_version(key, int(one)) for one in asked)
        shown |= {"before": before, "after": after, "compared": lines_between(before.definition, after.definition)}
    return render(request, "tiers/versions.html", shown)


@needs(SEE_TIERS)
@require_safe
def version(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """One version against what is published: what publishing it again would change."""
    found, old = known_standing(key), _version(key, number)
    now = found.published
    shown = {
        "standing": found,
        "version": old,
        "lines": lines_between(now.definition, old.definition) if now else (),
        "is_published": now is not None and now.number == number,
        "may_edit": may(request.user, EDIT_SCHEMES),
        "text": old.text(),
    }
    return render(request, "tiers/version.html", shown)


def _version(key: str, number: int) -> Version:
    try:
        return library().version(key, number)
    except NoSuchVersion as error:
        raise Http404(texts.sentence(error)) from error


@needs(EDIT_SCHEMES)
@require_POST
def again(request: HttpRequest, key: str, number: int) -> HttpResponseBase:
    """Publish an old version again."""
    known_standing(key)
    note = texts.text("tiers.versions.rolled_back_note", version=number)
    who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
    to = reverse("tiers:versions", args=[key])
    said = texts.text("tiers.versions.rolled_back", version=number)
    return done(request, lambda: roll_back(key=key, number=number, note=note, **who), said, to, to)


@needs(EDIT_SCHEMES)
@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponseBase:
    """Grade by it no more."""
    known_standing(key)
    to = reverse("tiers:versions", args=[key])
    who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
    return done(request, lambda: retire_scheme(key=key, **who), texts.text("tiers.versions.retired"), to, to)


@needs(EDIT_SCHEMES)
@require_POST
def restore(request: HttpRequest, key: str) -> HttpResponseBase:
    """Grade by it again."""
    known_standing(key)
    to = reverse("tiers:versions", args=[key])
    who: dict[str, Any] = {"actor": asking_person(request), "at": timezone.now()}
    return done(request, lambda: restore_scheme(key=key, **who), texts.text("tiers.versions.restored"), to, to)


def lines_between(old: Definition, new: Definition) -> tuple[Line, ...]:
    """What is different, in words."""
    data = {**old.data(), **new.data()}
    tiers = {tier["key"]: tier for one in (old.data(), new.data()) for tier in one.get("tiers") or ()}
    named = {**data, "tiers": list(tiers.values())}
    return tuple(_line(named, one) for one in differences(old, new))


def _line(data: Mapping[str, Any], found: Difference) -> Line:
    return Line(_place(data, found.place), _said(found.place, found.was), _said(found.place, found.now))


def _place(data: Mapping[str, Any], place: str) -> str:
    """Where it is, by the names people know."""
    keys = {tier["key"] for tier in data["tiers"]}
    words = [
        name_of(data, part) if number and part in keys else _field(part) for number, part in enumerate(place.split("."))
    ]
    return texts.text("tiers.versions.within").join(
        words[1:] if len(words) > 2 and words[0] == _field("tiers") else words
    )


def _field(part: str) -> str:
    if part in LANGUAGES:
        return texts.text(f"tiers.languages.{part}")
    return texts.text(f"tiers.field.{part}") if f"field.{part}" in catalogue()["tiers"] else part


def _said(place: str, value: Any) -> str:
    """A value in words: a trait by its name, a condition as a sentence, all else as it is written."""
    part = place.rpartition(".")[2]
    if value is None:
        return "–"
    if isinstance(value, bool):
        return texts.text("tiers.versions.yes" if value else "tiers.versions.no")
    if part in TRAITS:
        return trait_name(str(value), texts.language())
    if part in ("among", "when"):
        return sentence_of(value) or json.dumps(value, ensure_ascii=False)
    if f"choice.{value}" in catalogue()["tiers"]:
        return texts.text(f"tiers.choice.{value}")
    if isinstance(value, Mapping):
        told = ((_field(name), _said(name, held)) for name, held in value.items() if name not in ("key", "names"))
        return texts.text("tiers.versions.comma").join(f"{name} {held}" for name, held in told) or "✓"
    if isinstance(value, list):
        return texts.text("tiers.versions.comma").join(_said("", one) for one in value)
    return str(value)
