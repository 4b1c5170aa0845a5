"""The overview: headline numbers, attention items and data freshness, from the record of the newest run."""

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
from custrata.pipeline.reading import GradedRun, collect, likely_shared_cards, reading
from custrata.pipeline.reading.figures import NumberChange, SchemeSummary, Size, TierMove
from custrata.report.panels import sign
from custrata.report.pictures import sparkline
from custrata.web import texts
from custrata.web.attention import Attention, MoveCount, NotedCustomer
from custrata.web.workspace import workspace

MAX_PEOPLE = 5
MAX_MOVES = 4
LATEST_IMPORTS = 20
LATEST_JOBS = 30


@dataclass(frozen=True)
class Number:
    """A headline number: wording key of its caption, formatted value, change, trend and link."""

    name: str
    value: str
    change: str
    sign: str
    trend: Markup
    href: str


@dataclass(frozen=True)
class Freshness:
    """When the run was made, how long it took, and the number of imports since."""

    at: datetime
    seconds: float
    new_imports: int


def headline_numbers(run: GradedRun) -> tuple[Number, ...]:
    """Customers, active customers and their spend, each with its change since the previous run."""
    past, write = runs.history(run), texts.writer("report")
    head = collect.headline(run, past[-2] if len(past) > 1 else None)
    more: NumberChange[int] = head.customers
    return (
        _headline_number("customers", past, write.number(more.now), write.signed(more.difference), more.difference),
        _headline_number(
            "active", past, write.number(head.active.now), write.signed_share(head.active.growth), head.active.growth
        ),
        _headline_number(
            "spend", past, write.short_money(head.spend.now), write.signed_share(head.spend.growth), head.spend.growth
        ),
    )


def _headline_number(name: str, past: tuple[GradedRun, ...], value: str, change: str, grown: float | None) -> Number:
    column = {"spend": "spend_90d"}.get(name, name)
    values = [round(float(getattr(run.totals, column))) for run in past]
    trend = sparkline(values, texts.text(f"insights.headline.{name}"))
    listed = {"active": {"sort": "-orders_90d"}, "spend": {"sort": "-spend_90d"}}.get(name, {})
    return Number(
        name, value, "" if grown is None else change, sign(grown), trend, panels.customers_href(None, **listed)
    )


def freshness(run: GradedRun) -> Freshness:
    """The freshness of a run's data."""
    facts = runs.run_facts(run)
    return Freshness(facts.at, facts.seconds, len(runs.new_imports()))


def chosen_scheme(run: GradedRun, *keys: str) -> str:
    """The first of the given schemes that the run graded, else the default scheme."""
    graded = schemes.graded_keys(run)
    return next((key for key in keys if key in graded), schemes.default_scheme(run))


def attention(run: GradedRun, *, with_jobs: bool, with_disk: bool = False) -> tuple[Attention, ...]:
    """Attention items: a nearly full disk, customers at risk, customers who moved down, likely shared cards, rejected
    rows, failed jobs, schemes waiting for data."""
    items = [
        _disk_nearly_full() if with_disk else None,
        _customers_at_risk(run),
        _customers_moved_down(run),
        *_shared_cards(run),
        *_rejected_rows(),
        *(_failed_jobs() if with_jobs else ()),
        _waiting_schemes(run),
    ]
    return tuple(item for item in items if item is not None)


def _customers_at_risk(run: GradedRun) -> Attention | None:
    """Customers who entered `at_risk` since the previous run."""
    if "lifecycle" not in schemes.graded_keys(run):
        return None
    scheme = schemes.scheme("lifecycle", run)
    sources = tuple(tier.key for tier in scheme.tiers if tier.key not in ("at_risk", "churned"))
    moves = [move for move in scheme.moves if move.source in sources and move.target == "at_risk"]
    size = Size(sum(move.customers for move in moves), sum((move.revenue for move in moves), Decimal(0)))
    if not size.customers:
        return None
    name = next(tier.name for tier in scheme.tiers if tier.key == "at_risk")
    revenue = texts.writer().short_money(size.revenue)
    return Attention(
        "trending-down",
        "danger",
        texts.count("insights.attention.at_risk", size.customers),
        texts.text("insights.attention.at_risk_text", tier=name, revenue=revenue),
        panels.customers_href(tier="lifecycle:at_risk", sort="-spend"),
        _biggest_moves(scheme, moves),
        _people(run.id, "lifecycle", _move_pairs(moves)),
    )


def _customers_moved_down(run: GradedRun) -> Attention | None:
    """Customers who moved down in the value scheme since the previous run, the biggest spenders first."""
    if "value" not in schemes.graded_keys(run):
        return None
    scheme = schemes.scheme("value", run)
    size = scheme.moved("down")
    if not size.customers:
        return None
    moves = [move for move in scheme.moves if scheme.direction(move) == "down"]
    return Attention(
        "arrow-down-right",
        "warning",
        texts.count("insights.attention.losers", size.customers),
        texts.text("insights.attention.losers_text", revenue=texts.writer().short_money(size.revenue)),
        f"{reverse('tiers:scheme', args=['value'])}#moves",
        _biggest_moves(scheme, moves),
        _people(run.id, "value", _move_pairs(moves)),
    )


def _move_pairs(moves: list[TierMove]) -> frozenset[tuple[str | None, str | None]]:
    return frozenset((move.source, move.target) for move in moves)


def _biggest_moves(scheme: SchemeSummary, moves: list[TierMove]) -> tuple[MoveCount, ...]:
    """The moves with the most customers, each with a link to its list."""
    names = {tier.key: tier.name for tier in scheme.tiers}
    most = sorted(moves, key=lambda move: -move.customers)[:MAX_MOVES]
    return tuple(
        MoveCount(
            f"{names[move.source or '']} → {names[move.target or '']}",
            move.customers,
            panels.customers_href(moved=f"{scheme.key}:{move.source}:{move.target}", sort="-spend"),
        )
        for move in most
    )


@lru_cache(maxsize=64)
def _people(run_id: str, scheme: str, moves: frozenset[tuple[str | None, str | None]]) -> tuple[NotedCustomer, ...]:
    """The biggest spenders among those who moved. A run never changes, so the result is cached per process."""
    run_reading = reading(workspace())
    if run_reading is None or run_reading.run.id != run_id:
        return ()
    people = [
        NotedCustomer(row["customer_id"], row["name"] or row["customer_id"], row["spend"] or Decimal(0))
        for row in run_reading.movers(scheme)
        if (row["source"], row["target"]) in moves
    ]
    return tuple(sorted(people, key=lambda person: (-person.spend, person.customer_id))[:MAX_PEOPLE])


def _shared_cards(run: GradedRun) -> list[Attention]:
    """Customer numbers that several people likely share and that are not excluded from grading yet, busiest first."""
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
        for card in cards[:MAX_MOVES]
    ]


def _rejected_rows() -> list[Attention]:
    """The newest imports of files that had rejected rows, one per file."""
    latest = {record.file_name: record for record in runs.lake_state().imports[-LATEST_IMPORTS:]}
    return [
        Attention(
            "file-alert",
            "warning",
            texts.count("insights.attention.rejected", record.rejected, file=record.file_name),
            texts.text("insights.attention.rejected_text", day=texts.writer().day(record.at)),
            "",
        )
        for record in islice((record for record in reversed(latest.values()) if record.rejected), 3)
    ]


def _disk_nearly_full() -> Attention | None:
    """Less than a tenth of the disk is free."""
    room = nearly_full()
    if room is None:
        return None
    write = texts.writer()
    text = texts.text("storage.nearly_full_text", free=write.size(room[0]), size=write.size(room[1]))
    return Attention("database", "danger", texts.text("storage.nearly_full"), text, reverse("storage:disk"))


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


def _waiting_schemes(run: GradedRun) -> Attention | None:
    waiting = len(schemes.scheme_keys(run)) - len(schemes.graded_keys(run))
    if not waiting:
        return None
    names = [schemes.scheme(key, run).name for key in schemes.scheme_keys(run)[-waiting:]]
    title = texts.count("insights.attention.waiting", waiting)
    return Attention("hourglass", "info", title, " · ".join(names), reverse("tiers:list"))
