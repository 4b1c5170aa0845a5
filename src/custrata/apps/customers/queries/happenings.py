"""The timeline of a customer: entries of the database, and orders, events and feedback of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from custrata.apps.customers.models import TimelineEntry
from custrata.pipeline.reading import Reading
from custrata.web.manifest import TimelineKind, manifests
from custrata.web.texts import html

LIMIT = 40
LAKE = {"orders": ("ordered_at", "order"), "events": ("occurred_at", "event"), "feedback": ("given_at", "feedback")}

PLAIN = "customers/happenings/plain.html"


@cache
def timeline_kinds() -> dict[str, tuple[str, TimelineKind]]:
    """Every kind of entry by name, with the label of the app that declares it."""
    return {kind.name: (app.label, kind) for app in manifests() for kind in app.timeline}


@dataclass
class TimelineEvent:
    """One event on the timeline; tier changes of the same instant are combined."""

    at: datetime
    kind: str
    facts: Mapping[str, Any]
    actor: str = ""
    moves: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def icon(self) -> str:
        """The icon of its kind."""
        declared = timeline_kinds().get(self.kind)
        return declared[1].icon if declared else "info-circle"

    @property
    def template(self) -> str:
        """The template that shows it."""
        declared = timeline_kinds().get(self.kind)
        return (declared[1].template if declared else "") or PLAIN

    @property
    def phrase(self) -> str:
        """The phrase of its kind."""
        app = timeline_kinds()[self.kind][0]
        return f"{app}.timeline.{self.kind}"

    @property
    def sentence(self) -> str:
        """What it says in plain words; the name of its kind, where no app declares it any more."""
        return html(self.phrase, **self.facts) if self.kind in timeline_kinds() else self.kind

    @property
    def detail(self) -> str:
        """What stands small below it."""
        declared = timeline_kinds().get(self.kind)
        return str(self.facts.get(declared[1].detail) or "") if declared else ""

    @property
    def corrects(self) -> bool:
        """Whether all its moves are corrections due to late facts."""
        return bool(self.moves) and all(move.get("late") for move in self.moves)


@dataclass(frozen=True)
class Timeline:
    """A page of the timeline, and the instant before which the next page starts, if any."""

    events: list[TimelineEvent]
    earlier: datetime | None


def timeline(reading: Reading | None, customer_id: str, before: datetime | None = None) -> Timeline:
    """The newest events, or those before an instant. Events of the same instant stay on one page."""
    events = [*_database_events(customer_id, before)]
    if reading is not None:
        events += [*_lake_events(reading, customer_id, before)]
    events.sort(key=lambda event: (event.at, event.kind), reverse=True)
    page = events[:LIMIT]
    page += [event for event in events[LIMIT:] if event.at == page[-1].at]
    return Timeline(page, page[-1].at if len(events) > len(page) else None)


def _database_events(customer_id: str, before: datetime | None) -> Iterator[TimelineEvent]:
    rows = TimelineEntry.objects.filter(customer_id=customer_id).select_related("actor").order_by("-at", "-id")
    if before is not None:
        rows = rows.filter(at__lt=before)
    together: dict[datetime, TimelineEvent] = {}
    for entry in rows[: LIMIT * 10]:
        event = TimelineEvent(entry.at, entry.kind, entry.facts, str(entry.actor) if entry.actor else "")
        if entry.kind != "tier":
            yield event
        elif entry.at in together:
            together[entry.at].moves.append(entry.facts)
        else:
            together[entry.at] = event
            event.moves.append(entry.facts)
            yield event


def _lake_events(reading: Reading, customer_id: str, before: datetime | None) -> Iterator[TimelineEvent]:
    for name, (at, kind) in LAKE.items():
        for row in getattr(reading, name)(customer_id, LIMIT + 1, before=before):
            yield TimelineEvent(row[at], "return" if row.get("kind") == "return" else kind, row)
