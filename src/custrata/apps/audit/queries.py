"""Searching the audit log by actor, action, customer and date."""

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
class AuditSearch:
    """Search filters; an empty one matches everything. Both dates are inclusive, in the workspace's time zone."""

    who: str = ""
    what: str = ""
    customer: str = ""
    since: date | None = None
    until: date | None = None


class FieldChange(NamedTuple):
    """A changed field: its label, and its value before and after."""

    name: str
    before: str
    after: str


def changes(search: AuditSearch, zone: str) -> QuerySet[Change]:
    """The changes that match a search, unordered."""
    selected = Change.objects.all()
    if search.who:
        selected = selected.filter(actor_name="" if search.who == SERVER else search.who)
    if search.what:
        selected = selected.filter(action=search.what)
    if search.customer:
        selected = selected.filter(customer_id=search.customer)
    if search.since:
        selected = selected.filter(at__gte=_midnight(search.since, zone))
    if search.until:
        selected = selected.filter(at__lt=_midnight(search.until + timedelta(days=1), zone))
    return selected


def actors() -> list[str]:
    """The user names of all actors; empty for the server itself."""
    return _distinct("actor_name")


def actions() -> list[str]:
    """All actions that were recorded at least once."""
    return _distinct("action")


def action_name(action: str) -> str:
    """The name of an action in the reader's language, from the `audit` section of the app's wording."""
    area, _, verb = action.partition(".")
    return _phrase(area, f"audit.{verb}") or action


def subject_name(change: Change) -> str:
    """The kind of the changed object, in the reader's language."""
    return _phrase(change.action.partition(".")[0], f"audit_subject.{change.subject}") or change.subject


def differences(change: Change) -> Iterator[FieldChange]:
    """The changed fields, in the order in which they were recorded."""
    before, after = change.before or {}, change.after or {}
    area = change.action.partition(".")[0]
    for key in dict.fromkeys([*before, *after]):
        name = _phrase(area, f"audit_field.{key}") or key
        yield FieldChange(name, _format_value(area, key, before.get(key)), _format_value(area, key, after.get(key)))


def as_json(value: object) -> str | None:
    """The values before or after a change as JSON, for exports."""
    return None if value is None else json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def _format_value(area: str, key: str, value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return text("audit.yes" if value else "audit.no")
    if not isinstance(value, str):
        return as_json(value) or ""
    return _phrase(area, f"audit_value.{key}.{value}") or value


def _phrase(area: str, name: str) -> str:
    return catalogue().get(area, {}).get(name, {}).get(language(), "")


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))


def _distinct(column: str) -> list[str]:
    """The distinct values of an indexed column, by a loose index scan: the cost grows with the values, not the rows."""
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
