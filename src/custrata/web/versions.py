"""Optimistic locking of forms and API requests, to prevent lost updates.

A form contains the values it showed, signed, by `{% opened held %}`. The action gets them as `opened(request)` and
calls `ensure_unchanged` once it has locked the row. API clients send the `ETag` of what they read as `If-Match`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import date

from django.core import signing
from django.http import HttpRequest, HttpResponse

from custrata.errors import Refused
from custrata.web import texts
from custrata.wording import catalogue

NAME, SALT = "opened", "custrata.web.versions"
LONGEST = 80
MOST_TOLD = 6
Parts = Mapping[str, str]


class ChangedMeanwhile(Refused):
    template = (
        "Someone changed this after you opened it: {changes}. Your changes were not saved and are still in the form: "
        "compare both and save again."
    )


class VersionDiffers(Refused):
    status = 412
    template = "The content no longer matches the version of If-Match. Read it again before you decide."


def parts_of(value: object, path: str = "") -> dict[str, str]:
    """Flatten plain values to a mapping from paths to texts; items of a list are named by their `key`, if any.

    >>> parts_of({"aim": {"en": "Keep"}, "actions": [{"key": "call", "days": 3}]})
    {'aim.en': 'Keep', 'actions.call.key': 'call', 'actions.call.days': '3'}
    """
    if isinstance(value, Mapping):
        return _joined((f"{path}.{name}".lstrip("."), part) for name, part in value.items())
    if isinstance(value, list | tuple):
        named = [part.get("key", place) if isinstance(part, Mapping) else place for place, part in enumerate(value)]
        return _joined((f"{path}.{name}".lstrip("."), part) for name, part in zip(named, value, strict=True))
    return {path: value.isoformat() if isinstance(value, date) else "" if value is None else str(value)}


def _joined(parts: Iterator[tuple[str, object]]) -> dict[str, str]:
    return {place: text for path, part in parts for place, text in parts_of(part, path).items()}


def written(value: object) -> str:
    """The signed values for the hidden field of a form."""
    return signing.dumps(parts_of(value), salt=SALT, compress=True)


def opened(request: HttpRequest) -> Parts | None:
    """The values that the submitted form showed; None without a valid field."""
    try:
        parts = signing.loads(request.POST.get(NAME, ""), salt=SALT)
    except signing.BadSignature:
        return None
    return parts if isinstance(parts, dict) else None


def ensure_unchanged(opened: Parts | None, value: object) -> None:
    """Compare the current values with those the form showed. Raises `ChangedMeanwhile`."""
    now = parts_of(value)
    if opened is None or opened == now:
        return
    places = [place for place in {**opened, **now} if opened.get(place, "") != now.get(place, "")]
    if not places:
        return
    lines = [f"{_label(place)}: {_short(opened.get(place))} → {_short(now.get(place))}" for place in places[:MOST_TOLD]]
    raise ChangedMeanwhile(changes="; ".join([*lines, *(["…"] if len(places) > MOST_TOLD else [])]))


def _label(place: str) -> str:
    """The label of a path; keys without a translation are shown as they are."""
    labels = catalogue().get("web", {})
    steps = [labels.get(f"part.{step}", {}).get(texts.language(), step) for step in place.split(".")]
    return " · ".join(steps)


def _short(text: str | None) -> str:
    if not text:
        return "–"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def tag_of(value: object) -> str:
    """The ETag of values."""
    digest = hashlib.sha256(json.dumps(parts_of(value), sort_keys=True).encode()).hexdigest()
    return f'"{digest[:20]}"'


def with_tag(response: HttpResponse, value: object) -> None:
    """Set the ETag of a response."""
    response.headers["ETag"] = tag_of(value)


def ensure_match(request: HttpRequest, value: object) -> None:
    """Check `If-Match` against the current values. Raises `VersionDiffers`."""
    if_match = request.headers.get("If-Match", "")
    if if_match and if_match != "*" and tag_of(value) not in [tag.strip() for tag in if_match.split(",")]:
        raise VersionDiffers
