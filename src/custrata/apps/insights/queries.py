"""The overview: headline numbers, what needs attention, how fresh the data is; from the record of the newest run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from django.urls import reverse
from markupsafe import Markup

from custrata.apps.jobs.models import Job, Status
from custrata.apps.jobs.queries import recent
from custrata.apps.storage.queries import nearly_full
from custrata.apps.tiers.queries import panels, runs, schemes
from custrata.lake import Run
from custrata.pipeline.reading import likely_shared_cards, reading
from custrata.report import Change, Move, Scheme, Size, collect
from custrata.report.panels import sign
from custrata.report.pictures import sparkline
from custrata.web import texts
from custrata.web.attention import Attention, Person, Way
from custrata.web.workspace import workspace

NAMED = 5
MOST_WAYS = 4
LATEST_IMPORTS = 20
LATEST_JOBS = 30


@dataclass(frozen=True)
class Number:
    """A headline number: its caption's name, the number, its change and trend, and where it leads."""

    name: str
    value: str
    change: str
    sign: str
    trend: Markup
    href: str


@dataclass(frozen=True)
class Freshness:
    """When the run was done, how long it took, and how many imports it has not seen."""

    at: datetime
    seconds: float
    new_imports: int


def headline_numbers(run: Run) -> tuple[Number, ...]:
    """Customers, active ones and their spend, each with its change since the run before."""
    past, write = runs.history(run), texts.writer("report")
    head = collect.headline(run.record, past[-2].record if len(past) > 1 else None)
    more: Change[int] = head.customers
    return (
        _number("customers", past, write.number(more.now), write.signed(more.difference), more.difference),
        _number(
            "active", past, write.number(head.active.now), write.signed_share(head.active.growth), head.active.growth
        ),
        _number(
            "spend", past, write.short_money(head.spend.now), write.signed_share(head.spend.growth), head.spend.growth
        ),
    )


def _number(name: str, past: tuple[Run, ...], value: str, change: str, grown: float | None) -> Number:
    column = {"spend": "spend_90d"}.get(name, name)
    values = [round(float(run.record["headline"][column])) for run in past]
    trend = sparkline(values, texts.text(f"insights.headline.{name}"))
    listed = {"active": {"sort": "-orders_90d"}, "spend": {"sort": "-spend_90d"}}.get(name, {})
    return Number(
        name, value, "" if grown is None else change, sign(grown), trend, panels.customers_href(None, **listed)
    )


def freshness(run: Run) -> Freshness:
    """How fresh what a page shows is."""
    facts = runs.run_facts(run)
    return Freshness(facts.at, facts.seconds, len(runs.new_imports()))


def chosen_scheme(run: Run, *wanted: str) -> str:
    """The first of the wanted schemes that the run graded, else the one shown to everybody."""
    graded = schemes.graded_keys(run)
    return next((key for key in wanted if key in graded), schemes.default_scheme(run))


def attention(run: Run, *, with_jobs: bool, with_disk: bool = False) -> tuple[Attention, ...]:
    """What needs somebody: a disk that is nearly full, customers about to drop, falling values, rejected rows, failed
    jobs, schemes that wait."""
    found = [
        _disk() if with_disk else None,
        _about_to_drop(run),
        _losers(run),
        *_shared_cards(run),
        *_rejected(),
        *(_failed_jobs() if with_jobs else ()),
        _waiting(run),
    ]
    return tuple(one for one in found if one is not None)


def _about_to_drop(run: Run) -> Attention | None:
    """Customers who entered `at_risk` since the run before."""
    if "lifecycle" not in schemes.graded_keys(run):
        return None
    found = schemes.scheme("lifecycle", run)
    sources = tuple(tier.key for tier in found.tiers if tier.key not in ("at_risk", "churned"))
    moves = [move for move in found.moves if move.source in sources and move.target == "at_risk"]
    size = Size(sum(move.customers for move in moves), sum((move.revenue for move in moves), Decimal(0)))
    if not size.customers:
        return None
    name = next(tier.name for tier in found.tiers if tier.key == "at_risk")
    revenue = texts.writer().short_money(size.revenue)
    return Attention(
        "trending-down",
        "danger",
        texts.count("insights.attention.at_risk", size.customers),
        texts.text("insights.attention.at_risk_text", tier=name, revenue=revenue),
        panels.customers_href(tier="lifecycle:at_risk", sort="-spend"),
        _ways(found, moves),
        _people(run.id, "lifecycle", _ends(moves)),
    )


def _losers(run: Run) -> Attention | None:
    """Customers who fell in the value scheme since the run before, the biggest spenders first."""
    if "value" not in schemes.graded_keys(run):
        return None
    found = schemes.scheme("value", run)
    size = found.moved("down")
    if not size.customers:
        return None
    moves = [move for move in found.moves if found.direction(move) == "down"]
    return Attention(
        "arrow-down-right",
        "warning",
        texts.count("insights.attention.losers", size.customers),
        texts.text("insights.attention.losers_text", revenue=texts.writer().short_money(size.revenue)),
        f"{reverse('tiers:scheme', args=['value'])}#moves",
        _ways(found, moves),
        _people(run.id, "value", _ends(moves)),
    )


def _ends(moves: list[Move]) -> frozenset[tuple[str | None, str | None]]:
    return frozenset((move.source, move.target) for move in moves)


def _ways(found: Scheme, moves: list[Move]) -> tuple[Way, ...]:
    """The moves that most customers made, each with its list."""
    names = {tier.key: tier.name for tier in found.tiers}
    most = sorted(moves, key=lambda move: -move.customers)[:MOST_WAYS]
    return tuple(
        Way(
            f"{names[move.source or '']} → {names[move.target or '']}",
            move.customers,
            panels.customers_href(moved=f"{found.key}:{move.source}:{move.target}", sort="-spend"),
        )
        for move in most
    )


@lru_cache(maxsize=64)
def _people(run_id: str, scheme: str, moves: frozenset[tuple[str | None, str | None]]) -> tuple[Person, ...]:
    """The biggest spenders of those who moved; what a run found never changes, so it is asked once per process."""
    held = reading(workspace())
    if held is None or held.run.id != run_id:
        return ()
    people = [
        Person(row["customer_id"], row["name"] or row["customer_id"], row["spend"] or Decimal(0))
        for row in held.movers(scheme)
        if (row["source"], row["target"]) in moves
    ]
    return tuple(sorted(people, key=lambda one: (-one.spend, one.customer_id))[:NAMED])


def _shared_cards(run: Run) -> list[Attention]:
    """Customers whose number is likely shared and who are not excluded from grading yet, the busiest three."""
    excluded = workspace().exclusions.all()
    cards = [card for card in likely_shared_cards(run) if card.customer_id not in excluded]
    write = texts.writer()
    return [
        Attention(
            "users",
            "warning",
            texts.text("insights.attention.shared_card", customer=card.customer_id),
            texts.text(
                "insights.attention.shared_card_text", orders=write.number(card.orders), share=write.share(card.share)
            ),
            reverse("customers:customer", args=[card.customer_id]),
        )
        for card in cards[:MOST_WAYS]
    ]


def _rejected() -> list[Attention]:
    """The newest import of each file whose rows were not all accepted."""
    latest = {one.file_name: one for one in runs.lake_state().imports[-LATEST_IMPORTS:]}
    return [
        Attention(
            "file-alert",
            "warning",
            texts.count("insights.attention.rejected", one.rejected, file=one.file_name),
            texts.text("insights.attention.rejected_text", day=texts.writer().day(one.at)),
            "",
        )
        for one in islice((one for one in reversed(latest.values()) if one.rejected), 3)
    ]


def _disk() -> Attention | None:
    """Less than a tenth of the disk is free."""
    room = nearly_full()
    if room is None:
        return None
    write = texts.writer()
    said = texts.text("storage.nearly_full_text", free=write.size(room[0]), size=write.size(room[1]))
    return Attention("database", "danger", texts.text("storage.nearly_full"), said, reverse("storage:disk"))


def _failed_jobs() -> list[Attention]:
    """The last job of each kind, where it failed."""
    latest: dict[str, Job] = {}
    for job in recent(limit=LATEST_JOBS):
        latest.setdefault(job.kind, job)
    return [
        Attention(
            "alert-triangle",
            "danger",
            texts.text("insights.attention.job"),
            texts.text("insights.attention.job_text", kind=job.kind, day=texts.writer().instant(job.asked_at)),
            reverse("jobs:job", args=[job.pk]),
        )
        for job in latest.values()
        if job.status == Status.FAILED
    ]


def _waiting(run: Run) -> Attention | None:
    waiting = len(schemes.scheme_keys(run)) - len(schemes.graded_keys(run))
    if not waiting:
        return None
    names = [schemes.scheme(key, run).name for key in schemes.scheme_keys(run)[-waiting:]]
    title = texts.count("insights.attention.waiting", waiting)
    return Attention("hourglass", "info", title, " · ".join(names), reverse("tiers:list"))
