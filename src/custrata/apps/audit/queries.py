"""What was changed, found by who, what, which customer and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import QuerySet

from custrata.apps.audit.models import Change
from custrata.web.texts import language, text
from custrata.wording import catalogue

SERVER = ":server"  # no user name has a colon


@dataclass(frozen=True)
class Search:
    """What one looks for; empty is everything. Days are days of the workspace's zone, both included."""

    who: str = ""
    what: str = ""
    customer: str = ""
    since: date | None = None
    until: date | None = None


class Difference(NamedTuple):
    """One thing that was changed: what it is called, and how it looked before and after."""

    name: str
    before: str
    after: str


def changes(search: Search, zone: str) -> QuerySet[Change]:
    """The changes one looks for, in no order."""
    found = Change.objects.all()
    if search.who:
        found = found.filter(actor_name="" if search.who == SERVER else search.who)
    if search.what:
        found = found.filter(action=search.what)
    if search.customer:
        found = found.filter(customer_id=search.customer)
    if search.since:
        found = found.filter(at__gte=_midnight(search.since, zone))
    if search.until:
        found = found.filter(at__lt=_midnight(search.until + timedelta(days=1), zone))
    return found


def actors() -> list[str]:
    """Everybody who changed something, by user name; empty for the server itself."""
    return _distinct("actor_name")


def actions() -> list[str]:
    """Everything that was done at least once."""
    return _distinct("action")


def action_name(action: str) -> str:
    """What was done, in the reader's language, as the app that did it says under `audit`."""
    area, _, verb = action.partition(".")
    return _said(area, f"audit.{verb}") or action


def subject_name(change: Change) -> str:
    """What kind of thing was changed, in the reader's language."""
    return _said(change.action.partition(".")[0], f"audit_subject.{change.subject}") or change.subject


def differences(change: Change) -> Iterator[Difference]:
    """What was changed, thing by thing, in the order in which it was written down."""
    before, after = change.before or {}, change.after or {}
    area = change.action.partition(".")[0]
    for key in dict.fromkeys([*before, *after]):
        name = _said(area, f"audit_field.{key}") or key
        yield Difference(name, _shown(area, key, before.get(key)), _shown(area, key, after.get(key)))


def as_json(value: object) -> str | None:
    """A side of a change as a file holds it."""
    return None if value is None else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _shown(area: str, key: str, value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return text("audit.yes" if value else "audit.no")
    if not isinstance(value, str):
        return as_json(value) or ""
    return _said(area, f"audit_value.{key}.{value}") or value


def _said(area: str, name: str) -> str:
    return catalogue().get(area, {}).get(name, {}).get(language(), "")


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))


def _distinct(column: str) -> list[str]:
    """The values of an indexed column, each found behind the one before: it costs what there are values, not rows."""
    statement = f"""
        WITH RECURSIVE found(value) AS (
            SELECT min({column}) FROM audit_change
            UNION ALL
            SELECT (SELECT min({column}) FROM audit_change WHERE {column} > found.value)
            FROM found WHERE found.value IS NOT NULL
        )
        SELECT value FROM found WHERE value IS NOT NULL
    """
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return [value for (value,) in cursor.fetchall()]
