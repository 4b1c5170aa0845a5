"""The timeline of a customer: entries of the database, and orders, events and feedback of the lake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custrata.apps.customers.models import TimelineEntry
from custrata.pipeline.reading import Reading

LIMIT = 40
LAKE = {"orders": ("ordered_at", "order"), "events": ("occurred_at", "event"), "feedback": ("given_at", "feedback")}


@dataclass
class Happening:
    """One event on the timeline; tier changes of the same instant are combined."""

    at: datetime
    kind: str
    facts: Mapping[str, Any]
    actor: str = ""
    moves: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def corrects(self) -> bool:
        """Whether all its moves are corrections due to late facts."""
        return bool(self.moves) and all(move.get("late") for move in self.moves)


@dataclass(frozen=True)
class Timeline:
    """A page of the timeline, and the instant before which the next page starts, if any."""

    happenings: list[Happening]
    earlier: datetime | None


def timeline(reading: Reading | None, customer_id: str, before: datetime | None = None) -> Timeline:
    """The newest events, or those before an instant. Events of the same instant stay on one page."""
    happenings = [*_here(customer_id, before)]
    if reading is not None:
        happenings += [*_in_lake(reading, customer_id, before)]
    happenings.sort(key=lambda happening: (happening.at, happening.kind), reverse=True)
    page = happenings[:LIMIT]
    page += [happening for happening in happenings[LIMIT:] if happening.at == page[-1].at]
    return Timeline(page, page[-1].at if len(happenings) > len(page) else None)


def _here(customer_id: str, before: datetime | None) -> Iterator[Happening]:
    rows = TimelineEntry.objects.filter(customer_id=customer_id).select_related("actor").order_by("-at", "-id")
    if before is not None:
        rows = rows.filter(at__lt=before)
    together: dict[datetime, Happening] = {}
    for entry in rows[: LIMIT * 10]:
        happening = Happening(entry.at, entry.kind, entry.facts, str(entry.actor) if entry.actor else "")
        if entry.kind != "tier":
            yield happening
        elif entry.at in together:
            together[entry.at].moves.append(entry.facts)
        else:
            together[entry.at] = happening
            happening.moves.append(entry.facts)
            yield happening


def _in_lake(reading: Reading, customer_id: str, before: datetime | None) -> Iterator[Happening]:
    for name, (at, kind) in LAKE.items():
        for row in getattr(reading, name)(customer_id, LIMIT + 1, before=before):
            yield Happening(row[at], "return" if row.get("kind") == "return" else kind, row)
