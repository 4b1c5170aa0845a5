"""From one run to the next: who keeps a tier, goes up, is safe, has grace, falls, or is put by hand.

The transition is one expression over all customers, pure in what it is given: the same run over the same run before
gives the same again. It goes in steps, each reading the one before, so that an engine computes nothing twice.
"""

from __future__ import annotations

from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.ladders import Ladder, LadderStep, meets
from custrata.analytics.moments import AsOf
from custrata.engine.functions import Number, epoch_micros
from custrata.schema import INSTANT
from custrata.schema.zones import micros_of
from custrata.tiering.life.reviews import Reviews, days_read
from custrata.tiering.life.rules import Life
from custrata.tiering.life.terms import Term

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
    "override_over",  # back in one's own tier, since what a person decided has ended
)
STATE = {"tier": "string", "status": "string", "since": INSTANT, "until": INSTANT}
LIVED = ibis.schema(
    {
        "customer_id": "string",
        **STATE,
        "reason": "string",
        "put_reason": "string",
        "put_approver": "string",
        **{f"own_{name}": kind for name, kind in STATE.items()},
    }
)
_NOBODY_PUT = {
    "put_place": "int8",
    "put_mode": "string",
    "put_until": INSTANT,
    "put_reason": "string",
    "put_approver": "string",
}


def live(table: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """The tier of every customer at `as_of`, from its value and what the run before left.

    `table` has a row per customer: `customer_id`; `value` (number; empty meets no line); of the run before `was_tier`,
    `was_status`, `was_since`, `was_until`, `was_at` (its instant), all empty for whoever is new; `member_since` (date
    or day number of the first order). It may have `fresh`, what counts since the last review where `value` is that of
    the period which the review ended: it lets a customer up, and never down. If anybody was put by hand: `put_tier`,
    `put_mode` (`exactly`, else *at least*: the better of it and one's own tier counts), `put_until` (empty: for good),
    `put_reason`, `put_approver`; and `shown_tier`, `shown_status`, `shown_since`, what counted at the run before where
    that was another tier than one's own. A `was_tier` that the life does not know is a new entry; a `put_tier` that it
    does not know is nothing.

    Returns the columns of `LIVED`: `tier`; `status`, one of `STATUSES`; `since`, when the customer came into the tier;
    `until`, an instant after `as_of` or empty: the end of the override, of the grace, else of the validity, as
    `status` says; `reason`, one of `REASONS`; of an override `put_reason` and `put_approver`; and `own_tier`,
    `own_status`, `own_since`, `own_until`, the life that goes on whatever a person decided. The next run takes these as
    its `was_…`, and `tier`, `status` and `since` as its `shown_…`.

    >>> from custrata.tiering.life import LifeTier
    >>> none = {name: None for name in ("was_tier", "was_status", "was_since", "was_until", "was_at", "member_since")}
    >>> rows = ibis.memtable([{"customer_id": "Ann", "value": 900, **none}], schema={"customer_id": "string",
    ...     "value": "int64", "was_tier": "string", "was_status": "string", "was_since": INSTANT, "was_until": INSTANT,
    ...     "was_at": INSTANT, "member_since": "date"})
    >>> life = Life((LifeTier("gold", 900, keep=500), LifeTier("basic", None)))
    >>> live(rows, life, AsOf.of("2025-01-31", "Asia/Shanghai")).execute()[["tier", "status", "reason"]].values.tolist()
    [['gold', 'entered', 'met_enter']]
    """
    state = _state_before(table, life, as_of)
    judged = state.mutate(status=_status(state, life, as_of))
    own = _own_state(judged.mutate(place=_next_place(judged, life)), life, as_of)
    return _effective_state(own, life, as_of)


def _state_before(table: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """The inputs of the transition for each customer; places are counted from 0, the best."""
    pending = (epoch_micros(table.was_until) > micros_of(as_of.instant)).fill_null(False)
    met = _best_place_met(table.value, life)
    none = ibis.null("int8")
    met_fresh = (
        table.fresh.notnull().ifelse(_best_place_met(table.fresh, life), none) if "fresh" in table.columns else none
    )
    effective_before = {
        name: table[f"shown_{name}"] if f"shown_{name}" in table.columns else table[f"was_{name}"]
        for name in ("tier", "status", "since")
    }
    was = _place(table.was_tier, life)
    again = (epoch_micros(table.was_at) == micros_of(as_of.instant)).fill_null(False)
    return table.select(
        "customer_id",
        "value",
        was=was,
        met=ibis.least(met, ibis.coalesce(met_fresh, met)),
        met_fresh=met_fresh,
        pending=pending,
        graced=(table.was_status == "grace").fill_null(False),
        fell_now=again & (table.was_status == "downgraded").fill_null(False),
        was_since=table.was_since.cast(INSTANT),
        was_until=table.was_until.cast(INSTANT),
        shown_was=_place(effective_before["tier"], life),
        shown_since=effective_before["since"].cast(INSTANT),
        released=(effective_before["status"] == "override").fill_null(False),
        **days_read(table, life, as_of),
        **_overrides(table, life, as_of),
    )


def _place(tier: ir.StringValue, life: Life) -> ir.IntegerValue:
    places = [(tier == name, ibis.literal(place, "int8")) for place, name in enumerate(life.tiers)]
    return cast(ir.IntegerValue, ibis.cases(*places, else_=ibis.null("int8")))


def _best_place_met(value: ir.NumericValue, life: Life) -> ir.IntegerValue:
    """The place of the best tier whose enter line the value meets; the lowest has none to meet."""
    *upper, _ = life.rungs
    lowest = ibis.literal(len(upper), "int8")
    lines = [(_meets(value, rung.enter, life), ibis.literal(place, "int8")) for place, rung in enumerate(upper)]
    return cast(ir.IntegerValue, ibis.cases(*lines, else_=lowest) if lines else lowest)


def _meets(value: ir.NumericValue, line: Number | None, life: Life) -> ir.BooleanValue:
    assert line is not None
    return cast(ir.BooleanValue, meets(value, line, less_is_better=life.less_is_better).fill_null(False))


def _overrides(table: ir.Table, life: Life, as_of: AsOf) -> dict[str, ir.Value]:
    """The override of each customer, where it is in force and names an existing tier."""
    if "put_tier" not in table.columns:
        return {name: ibis.null(kind) for name, kind in _NOBODY_PUT.items()}
    ends_later = (epoch_micros(table.put_until) > micros_of(as_of.instant)).fill_null(True)
    place = _place(table.put_tier, life)
    mode = table.put_mode if "put_mode" in table.columns else ibis.null("string")
    override = {"put_place": place, "put_mode": mode}
    override |= {name: table[name] for name in _NOBODY_PUT if name not in override}
    in_force = place.notnull() & ends_later
    return {name: in_force.ifelse(override[name].cast(kind), ibis.null(kind)) for name, kind in _NOBODY_PUT.items()}


def _status(state: ir.Table, life: Life, as_of: AsOf) -> ir.StringValue:
    """The first that holds. Grace that is over falls without another review: the one that began it decided."""
    gracious = [place for place, rung in enumerate(life.rungs) if rung.respite]
    bounded = any(rung.drop_at_most is not None for rung in life.rungs)
    considered = Reviews(state, life, as_of).due
    status = ibis.cases(
        (state.was.isnull(), "entered"),
        (state.met < state.was, "upgraded"),
        (_keeps(state, life), "kept"),
        (state.pending, state.graced.ifelse("grace", "protected")),
        # Who fell as far as one run lets him falls no further when that very instant is graded again.
        (state.fell_now & bounded, "downgraded"),
        (state.graced, "downgraded"),
        (~considered, "protected"),
        (state.was.isin(gracious) if gracious else ibis.literal(False), "grace"),
        else_="downgraded",
    )
    return cast(ir.StringValue, status)


def _keeps(state: ir.Table, life: Life) -> ir.BooleanValue:
    """Whether the value meets the keep line of the tier before, or what came since its enter line.

    The lowest is kept by anything.
    """
    *upper, _ = life.rungs
    lines = [(state.was == place, _meets(state.value, rung.keep_line, life)) for place, rung in enumerate(upper)]
    anew = (state.met_fresh <= state.was).fill_null(False)
    return cast(ir.BooleanValue, anew | ibis.cases(*lines, else_=True) if lines else ibis.literal(True))


def _next_place(judged: ir.Table, life: Life) -> ir.IntegerValue:
    """Where the status puts each customer; a fall ends where the tier before lets it."""
    bottom = len(life.rungs) - 1
    bound = [
        (judged.was == place, ibis.literal(min(bottom, place + rung.drop_at_most), "int8"))
        for place, rung in enumerate(life.rungs)
        if rung.drop_at_most is not None
    ]
    reach = ibis.cases(*bound, else_=ibis.literal(bottom, "int8")) if bound else ibis.literal(bottom, "int8")
    if bound:
        reach = judged.fell_now.ifelse(judged.was, reach)
    place = ibis.cases(
        (judged.status.isin(("entered", "upgraded")), judged.met),
        (judged.status == "downgraded", ibis.least(judged.met, reach)),
        else_=judged.was,
    )
    return cast(ir.IntegerValue, place.cast("int8"))


def _own_state(placed: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """The own state: its instants and its reason, and whether an override applies."""
    now = ibis.literal(as_of.instant).cast(INSTANT)
    moved = placed.was.isnull() | (placed.place != placed.was)
    by_hand = placed.put_place.notnull() & ((placed.put_mode == "exactly") | (placed.put_place <= placed.place))
    return placed.mutate(
        since=moved.ifelse(now, ibis.coalesce(placed.was_since, now)),
        until=_until(placed, life, as_of, moved),
        reason=_reason(placed, life),
        by_hand=by_hand.fill_null(False),
    )


def _effective_state(own: ir.Table, life: Life, as_of: AsOf) -> ir.Table:
    """The effective state: the override where there is one, else the own tier; tiers by their keys."""
    now = ibis.literal(as_of.instant).cast(INSTANT)
    place = own.by_hand.ifelse(own.put_place, own.place)
    moved = own.shown_was.isnull() | (place != own.shown_was)
    over = own.released & ~own.by_hand & own.shown_was.notnull() & moved
    after = (place < own.shown_was).ifelse("upgraded", "downgraded")
    own_tier = _tier(own.place, life)
    nothing = ibis.null("string")
    effective = {
        "tier": _tier(place, life),
        "status": ibis.cases((own.by_hand, "override"), (over, after), else_=own.status),
        "since": moved.ifelse(now, ibis.coalesce(own.shown_since, now)),
        "until": own.by_hand.ifelse(own.put_until, own.until),
        "reason": ibis.cases((own.by_hand, "by_hand"), (over, "override_over"), else_=own.reason),
        "put_reason": own.by_hand.ifelse(own.put_reason, nothing),
        "put_approver": own.by_hand.ifelse(own.put_approver, nothing),
    }
    beneath = {"own_tier": own_tier, "own_status": own.status, "own_since": own.since, "own_until": own.until}
    columns = {"customer_id": own.customer_id, **effective, **beneath}
    return own.select(**{name: columns[name].cast(LIVED[name]) for name in LIVED.names})


def _tier(place: ir.IntegerValue, life: Life) -> ir.StringValue:
    return cast(ir.StringValue, ibis.cases(*[(place == number, name) for number, name in enumerate(life.tiers)]))


def _until(placed: ir.Table, life: Life, as_of: AsOf, moved: ir.BooleanValue) -> ir.TimestampValue:
    """The end of what `status` says. Validity begins with a tier; the enter line renews it and never shortens it."""
    valid = _ends(placed.place, [rung.validity for rung in life.rungs], as_of)
    grace = _ends(placed.place, [rung.respite for rung in life.rungs], as_of)
    left = (placed.pending & ~placed.graced).ifelse(placed.was_until, ibis.null(INSTANT))
    until = ibis.cases(
        (placed.status == "grace", placed.graced.ifelse(placed.was_until, grace)),
        (moved, valid),
        ((placed.status == "kept") & (placed.met == placed.was) & (valid > left).fill_null(left.isnull()), valid),
        else_=left,
    )
    return cast(ir.TimestampValue, until.cast(INSTANT))


def _ends(place: ir.IntegerValue, terms: list[Term], as_of: AsOf) -> ir.TimestampValue:
    """When a term that begins at `as_of` is over, by place; empty for none."""
    nothing = ibis.null(INSTANT)
    ends = [(place == rung, ibis.literal(term.after(as_of)).cast(INSTANT)) for rung, term in enumerate(terms) if term]
    return cast(ir.TimestampValue, ibis.cases(*ends, else_=nothing) if ends else nothing)


def _reason(placed: ir.Table, life: Life) -> ir.StringValue:
    """A code for what decided; texts are in the wording."""
    at_line, fell = placed.met == placed.place, placed.status == "downgraded"
    reason = ibis.cases(
        (placed.status == "grace", "grace_until"),
        (placed.status == "protected", placed.pending.ifelse("safe_until", "no_review_yet")),
        (fell, at_line.ifelse("fell", "fell_at_most")),
        (placed.value.isnull() & placed.met_fresh.isnull(), "no_value"),
        (placed.place == len(life.rungs) - 1, "met_none"),
        else_=at_line.ifelse("met_enter", "met_keep"),
    )
    return cast(ir.StringValue, reason)


def ladder_of(life: Life) -> Ladder:
    """The enter lines as a ladder: what decides where nothing was before."""
    *upper, lowest = life.rungs
    steps = tuple(LadderStep(rung.tier, rung.enter) for rung in upper if rung.enter is not None)
    return Ladder(steps, lowest.tier, life.less_is_better)
