"""From one run to the next: who keeps a tier, goes up, is safe, has grace, falls, or is put by hand.

The transition is one expression over all customers, pure in what it is given: the same run over the same run before
gives the same again. It goes in steps, each reading the one before, so that an engine computes nothing twice.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.ladders import Ladder, Step, meets
from custrata.analytics.moments import AsOf
from custrata.engine.functions import Number, epoch_micros
from custrata.schema import INSTANT
from custrata.schema.zones import micros_of
from custrata.tiering.life.reviews import Reviews, days_read
from custrata.tiering.life.rules import Life

STATUSES = ("entered", "upgraded", "kept", "protected", "grace", "downgraded", "override")
REASONS = (
    "met_enter",  # entered, upgraded, kept and renewed
    "met_keep",  # kept
    "met_none",  # in the lowest tier: the value meets no line
    "no_value",  # in the lowest tier: there is no value
    "safe_until",  # protected by validity
    "no_review_yet",  # protected until a review
    "grace_until",
    "fell",  # to the tier whose enter line the value meets
    "fell_at_most",  # as far as one run lets it
    "by_hand",
)
LIVED = ibis.schema(
    {
        "customer_id": "string",
        "tier": "string",
        "status": "string",
        "since": INSTANT,
        "until": INSTANT,
        "reason": "string",
        "put_reason": "string",
        "put_approver": "string",
    }
)
_NOBODY_PUT = {"put_place": "int8", "put_until": INSTANT, "put_reason": "string", "put_approver": "string"}


def live(table: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """The tier of every customer at `as_of`, from its value and what the run before left.

    `table` has a row per customer: `customer_id`; `value` (number; empty meets no line); of the run before `was_tier`,
    `was_status`, `was_since`, `was_until`, `was_at` (its instant), all empty for whoever is new; `member_since` (date
    or day number of the first order); and, if anybody was put by hand, `put_tier`, `put_until` (empty: for good),
    `put_reason`, `put_approver`. A `was_tier` that the life does not know is a new entry; a `put_tier` that it does not
    know is nothing.

    Returns the columns of `LIVED`: `tier`; `status`, one of `STATUSES`; `since`, when the customer entered the tier;
    `until`, an instant after `as_of` or empty: the end of the override, of the grace, else of the validity, as
    `status` says; `reason`, one of `REASONS`; of an override `put_reason` and `put_approver`. The next run takes
    `tier`, `status`, `since` and `until` as its `was_…`.

    >>> from custrata.tiering.life import Rung
    >>> none = {name: None for name in ("was_tier", "was_status", "was_since", "was_until", "was_at", "member_since")}
    >>> rows = ibis.memtable([{"customer_id": "Ann", "value": 900, **none}], schema={"customer_id": "string",
    ...     "value": "int64", "was_tier": "string", "was_status": "string", "was_since": INSTANT, "was_until": INSTANT,
    ...     "was_at": INSTANT, "member_since": "date"})
    >>> life = Life((Rung("gold", 900, keep=500), Rung("basic", None)))
    >>> live(rows, life, AsOf.of("2025-01-31", "Asia/Shanghai")).execute()[["tier", "status", "reason"]].values.tolist()
    [['gold', 'entered', 'met_enter']]
    """
    seen = _seen(table, life, as_of)
    judged = seen.mutate(status=_status(seen, life, as_of))
    placed = judged.mutate(place=_place_now(judged, life))
    return _said(placed, life, as_of)


def _seen(table: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """What is known of each customer before anything is decided; places are counted from 0, the best."""
    pending = (epoch_micros(table.was_until) > micros_of(as_of.instant)).fill_null(False)
    # The end of an override is no validity: it is over when a person takes it back, too.
    return table.select(
        "customer_id",
        "value",
        was=_place(table.was_tier, life),
        met=_met(table.value, life),
        pending=pending & (table.was_status != "override").fill_null(True),
        graced=(table.was_status == "grace").fill_null(False),
        released=(table.was_status == "override").fill_null(False),
        was_since=table.was_since.cast(INSTANT),
        was_until=table.was_until.cast(INSTANT),
        **days_read(table, life, as_of),
        **_put(table, life, as_of),
    )


def _place(tier: ir.StringValue, life: Life) -> ir.IntegerValue:
    places = [(tier == name, ibis.literal(place, "int8")) for place, name in enumerate(life.tiers)]
    return cast(ir.IntegerValue, ibis.cases(*places, else_=ibis.null("int8")))


def _met(value: ir.NumericValue, life: Life) -> ir.IntegerValue:
    """The place of the best tier whose enter line the value meets; the lowest has none to meet."""
    *upper, _ = life.rungs
    lowest = ibis.literal(len(upper), "int8")
    lines = [(_meets(value, rung.enter, life), ibis.literal(place, "int8")) for place, rung in enumerate(upper)]
    return cast(ir.IntegerValue, ibis.cases(*lines, else_=lowest) if lines else lowest)


def _meets(value: ir.NumericValue, line: Number | None, life: Life) -> ir.BooleanValue:
    assert line is not None
    return cast(ir.BooleanValue, meets(value, line, less_is_better=life.less_is_better).fill_null(False))


def _put(table: ir.Table, life: Life, as_of: AsOf) -> dict[str, ir.Value]:
    """What a person decided, as far as it is in force and names a tier there is."""
    if "put_tier" not in table.columns:
        return {name: ibis.null(kind) for name, kind in _NOBODY_PUT.items()}
    ends_later = (epoch_micros(table.put_until) > micros_of(as_of.instant)).fill_null(True)
    place = _place(table.put_tier, life)
    given = {"put_place": place, **{name: table[name] for name in _NOBODY_PUT if name != "put_place"}}
    held = place.notnull() & ends_later
    return {name: held.ifelse(given[name].cast(kind), ibis.null(kind)) for name, kind in _NOBODY_PUT.items()}


def _status(seen: ir.Table, life: Life, as_of: AsOf) -> ir.StringValue:
    """The first that holds. Grace that is over falls without another review: the one that began it decided."""
    gracious = [place for place, rung in enumerate(life.rungs) if rung.grace_days]
    # The end of an override is a review: who put the customer there named the day.
    considered = Reviews(seen, life, as_of).due | seen.released
    found = ibis.cases(
        (seen.put_place.notnull(), "override"),
        (seen.was.isnull(), "entered"),
        (seen.met < seen.was, "upgraded"),
        (_keeps(seen, life), "kept"),
        (seen.pending, seen.graced.ifelse("grace", "protected")),
        (seen.graced, "downgraded"),
        (~considered, "protected"),
        (seen.was.isin(gracious) if gracious else ibis.literal(False), "grace"),
        else_="downgraded",
    )
    return cast(ir.StringValue, found)


def _keeps(seen: ir.Table, life: Life) -> ir.BooleanValue:
    """Whether the value meets the keep line of the tier before; the lowest is kept by anything."""
    *upper, _ = life.rungs
    lines = [(seen.was == place, _meets(seen.value, rung.keep_line, life)) for place, rung in enumerate(upper)]
    return cast(ir.BooleanValue, ibis.cases(*lines, else_=True) if lines else ibis.literal(True))


def _place_now(judged: ir.Table, life: Life) -> ir.IntegerValue:
    """Where the status puts each customer; a fall ends where the tier before lets it."""
    bottom = len(life.rungs) - 1
    bound = [
        (judged.was == place, ibis.literal(min(bottom, place + rung.drop_at_most), "int8"))
        for place, rung in enumerate(life.rungs)
        if rung.drop_at_most is not None
    ]
    reach = ibis.cases(*bound, else_=ibis.literal(bottom, "int8")) if bound else ibis.literal(bottom, "int8")
    place = ibis.cases(
        (judged.status == "override", judged.put_place),
        (judged.status.isin(("entered", "upgraded")), judged.met),
        (judged.status == "downgraded", ibis.least(judged.met, reach)),
        else_=judged.was,
    )
    return cast(ir.IntegerValue, place.cast("int8"))


def _said(placed: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """The places in words, with the instants that follow from them."""
    now = ibis.literal(as_of.instant).cast(INSTANT)
    moved = placed.was.isnull() | (placed.place != placed.was)
    return placed.select(
        "customer_id",
        tier=ibis.cases(*[(placed.place == place, name) for place, name in enumerate(life.tiers)]),
        status="status",
        since=moved.ifelse(now, ibis.coalesce(placed.was_since, now)),
        until=_until(placed, life, as_of, moved),
        reason=_reason(placed, life),
        put_reason="put_reason",
        put_approver="put_approver",
    )


def _until(placed: ir.Table, life: Life, as_of: AsOf, moved: ir.BooleanValue) -> ir.TimestampValue:
    """The end of what `status` says. Validity begins with a tier; the enter line renews it and never shortens it."""
    valid = _days_on(placed.place, [rung.valid_days for rung in life.rungs], as_of)
    grace = _days_on(placed.place, [rung.grace_days for rung in life.rungs], as_of)
    left = (placed.pending & ~placed.graced).ifelse(placed.was_until, ibis.null(INSTANT))
    found = ibis.cases(
        (placed.status == "override", placed.put_until),
        (placed.status == "grace", placed.graced.ifelse(placed.was_until, grace)),
        (moved, valid),
        ((placed.status == "kept") & (placed.met == placed.was) & (valid > left).fill_null(left.isnull()), valid),
        else_=left,
    )
    return cast(ir.TimestampValue, found.cast(INSTANT))


def _days_on(place: ir.IntegerValue, days: list[int], as_of: AsOf) -> ir.TimestampValue:
    """So many days after `as_of` on the clock, by place; empty for none."""
    nothing = ibis.null(INSTANT)
    ends = [
        (place == rung, ibis.literal(as_of.start(-many)).cast(INSTANT))  # a start, but in the other direction
        for rung, many in enumerate(days)
        if many
    ]
    return cast(ir.TimestampValue, ibis.cases(*ends, else_=nothing) if ends else nothing)


def _reason(placed: ir.Table, life: Life) -> ir.StringValue:
    """A code for what decided; texts are in the wording."""
    at_line, fell = placed.met == placed.place, placed.status == "downgraded"
    found = ibis.cases(
        (placed.status == "override", "by_hand"),
        (placed.status == "grace", "grace_until"),
        (placed.status == "protected", placed.pending.ifelse("safe_until", "no_review_yet")),
        (fell, at_line.ifelse("fell", "fell_at_most")),
        (placed.value.isnull(), "no_value"),
        (placed.place == len(life.rungs) - 1, "met_none"),
        else_=at_line.ifelse("met_enter", "met_keep"),
    )
    return cast(ir.StringValue, found)


def ladder_of(life: Life) -> Ladder:
    """The enter lines as a ladder: what decides where nothing was before."""
    *upper, lowest = life.rungs
    steps = tuple(Step(rung.tier, rung.enter) for rung in upper if rung.enter is not None)
    return Ladder(steps, lowest.tier, life.less_is_better)
