"""Every published scheme over the profile: in order of what reads what, with the life of tiers and tiers by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import ibis
import ibis.expr.types as ir

from custrata.analytics.combined import with_credit
from custrata.analytics.grading import Grading
from custrata.analytics.loyalty import with_repeat_share
from custrata.analytics.traits import Keep, joined_by_customer
from custrata.engine import Engine
from custrata.lake import Run
from custrata.pipeline.decisions import Decided
from custrata.pipeline.handover import Handover
from custrata.pipeline.state import OWN, state_left
from custrata.pipeline.windows import Windows
from custrata.schema import INSTANT
from custrata.tiering.kinds import waiting_grading
from custrata.tiering.life import STATE, live
from custrata.tiering.rungs import life_of
from custrata.tiering.schemes import Context, Scheme, columns_of
from custrata.tiering.shapes import SHAPES


@dataclass
class Grader:
    """Grades one profile by scheme after scheme.

    `former` is the run before, whose tiers, as they were left, the life of a tier goes on from, but for schemes with a
    `handover`; `results` holds what was graded so far, a narrow table by scheme: `customer_id`, `tier`, `value` and
    further columns; `gradings` and `told` hold what decided each scheme, as it is and as a run keeps it. Without an
    `engine` nobody can have been put by hand, and nothing was before.
    """

    profile: ir.Table
    context: Context
    decided: Decided
    former: Run | None
    engine: Engine | None
    keep: Keep
    windows: Windows
    handover: Handover = field(default_factory=Handover)
    results: dict[str, ir.Table] = field(default_factory=dict)
    gradings: dict[str, Grading] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    fresh: dict[str, ir.Table] = field(default_factory=dict)

    def grade(self, scheme: Scheme) -> None:
        """Grade by one scheme; those it reads were graded before."""
        table, missing = self._inputs(scheme)
        grading = scheme.grade(table, self.context) if not missing else waiting_grading(scheme.tiers, table, missing)
        unknown = [name for name in self.context.uncovered if name in scheme.columns_read]
        if unknown:
            facts = {**grading.facts, "uncovered": unknown}
            grading = replace(grading, facts=facts, notes=(*grading.notes, "uncovered"))
        self.gradings[scheme.key] = grading
        self.told[scheme.key] = recorded(scheme, grading)
        if not grading.waiting:
            self.results[scheme.key] = self.keep(self._lived(scheme, grading))

    def whole(self) -> ir.Table:
        """The profile with the columns of every scheme that could be graded, `<key>_<column>` each."""
        named = [
            table.rename(**{f"{key}_{name}": name for name in table.columns if name != "customer_id"})
            for key, table in self.results.items()
        ]
        return joined_by_customer(self.profile, *named)

    def _inputs(self, scheme: Scheme) -> tuple[ir.Table, list[str]]:
        """The columns it reads, and those that the workspace does not have at all and it cannot do without."""
        profile = self.windows.profile(self.profile, scheme)
        if scheme.definition.qualify == "since_review":
            state = self._state(scheme.key)
            if not self._counted_since(scheme):
                state = state.mutate(was_at=ibis.null(INSTANT))
            profile, self.fresh[scheme.key] = self.windows.since_review(profile, scheme, state)
        profile = derived(profile, scheme.reads)
        held = [name for name in scheme.columns_read if name in profile.columns]
        seen = [self._of_scheme(key, scheme) for key in scheme.needs(self.results)]
        held += [name for table in seen for name in table.columns if name != "customer_id"]
        table = joined_by_customer(
            profile.select("customer_id", *[name for name in held if name in profile.columns]), *seen
        )
        asked = [name for name in scheme.reads if name not in held and name != "tags" and not name.endswith("_since")]
        return table, [] if scheme.kind in PARTIAL else asked

    def _of_scheme(self, key: str, reader: Scheme) -> ir.Table:
        """What a scheme reads of one that was graded before: tier, value, since when."""
        graded, wanted = self.results[key], [name for name in columns_of(key) if name in reader.columns_read]
        held = {name: name.removeprefix(f"{key}_") for name in wanted}
        if f"{key}_since" in wanted and "since" not in graded.columns:
            graded = self._with_since(key, graded)
        return graded.select("customer_id", **{name: graded[part] for name, part in held.items()})

    def _with_since(self, key: str, graded: ir.Table) -> ir.Table:
        """Tiers that follow their value, with since when each customer is in theirs."""
        now = ibis.literal(self.context.as_of.instant).cast(INSTANT)
        both = joined_by_customer(graded, self._state(key).select("customer_id", "was_tier", "was_since"))
        stayed = (both.was_tier == both.tier).fill_null(False)
        return both.mutate(since=stayed.ifelse(ibis.coalesce(both.was_since, now), now)).drop("was_tier", "was_since")

    def _counted_since(self, scheme: Scheme) -> bool:
        """Whether the run before counted by the same reviews; else this run judges the last full period as a first."""
        former = {} if self.former is None else self.former.record["schemes"].get(scheme.key, {})
        held = self.handover.definitions.get(scheme.key) or former.get("definition") or {}
        now = scheme.definition.data()
        return all(held.get(name) == now.get(name) for name in ("qualify", "review"))

    def _lived(self, scheme: Scheme, grading: Grading) -> ir.Table:
        """What was graded, with the tier's life and the tiers given by hand."""
        narrow = grading.table()
        put = None
        if self.engine is not None:
            put = self.decided.put(scheme.key, grading.tiers, self.context.as_of, self.engine)
        life = life_of(scheme.definition, grading)
        if life is None:
            return narrow if put is None else _put(narrow, put, grading.tiers, ordered=SHAPES[scheme.kind].ordered)
        graded = self.keep(narrow)
        state = self._state(scheme.key)
        beside = [state, *([] if put is None else [put])]
        values = graded.select("customer_id", "value")
        if scheme.key in self.fresh:
            beside.append(self.fresh[scheme.key])
            graded = _greater(graded, self.fresh[scheme.key], less_is_better=life.less_is_better)
        lived = live(joined_by_customer(values, *beside), life, self.context.as_of)
        by_hand = lived.status == "override"
        told = lived.mutate(reason=by_hand.ifelse(lived.put_reason, lived.reason)).drop("put_reason", "put_approver")
        if put is None and "shown_tier" not in state.columns:
            told = told.drop(*OWN)  # nobody was ever put by hand: one's own tier is the one that counts
        return joined_by_customer(graded.drop("tier"), told)

    def _state(self, key: str) -> ir.Table:
        """What the run before left of each customer's tier, as `live` takes it, and the first order's day."""
        members = self.profile.select("customer_id", member_since="first_order_on")
        if key in self.handover.states:
            return joined_by_customer(members, self.handover.states[key])
        if self.former is None or self.engine is None:
            nothing = {f"was_{part}": ibis.null(kind) for part, kind in STATE.items()}
            return members.mutate(**nothing, was_at=ibis.null(INSTANT))
        return joined_by_customer(members, state_left(self.former, key, self.engine))


def _greater(graded: ir.Table, fresh: ir.Table, *, less_is_better: bool) -> ir.Table:
    """The value as it is shown where a review judged a whole period: that, or what came since if it is better."""
    both = joined_by_customer(graded, fresh)
    better = ibis.least if less_is_better else ibis.greatest
    newer = ibis.coalesce(both.fresh, both.value)
    return both.mutate(value=better(ibis.coalesce(both.value, newer), newer).cast(both.value.type())).drop("fresh")


def derived(profile: ir.Table, reads: Sequence[str]) -> ir.Table:
    """The profile with the helper columns that scores read: `repeat_share` and, where anything is known, `credit`."""
    if "repeat_share" in reads:
        profile = with_repeat_share(profile)
    return with_credit(profile) if "credit" in reads else profile


# Kinds that make do without some of what they read: a factor or a rule is left out, and they say so.
PARTIAL = frozenset({"score", "rules", "points"})


def _put(narrow: ir.Table, put: ir.Table, tiers: Sequence[str], *, ordered: bool) -> ir.Table:
    """The tier replaced where somebody was put by hand, with the reason, and until when.

    Where tiers have an order and the tier was given at least, the better of it and the computed one counts.
    """
    both = joined_by_customer(narrow, put)
    held = both.put_tier.notnull()
    if ordered:
        better = _place(both.tier, tiers) < _place(both.put_tier, tiers)
        held = held & ~((both.put_mode != "exactly") & better).fill_null(False)
    nothing = ibis.null("string")
    return both.mutate(
        tier=held.ifelse(both.put_tier, both.tier),
        status=held.ifelse("override", "computed"),
        reason=held.ifelse(both.put_reason, nothing),
        until=held.ifelse(both.put_until, ibis.null(INSTANT)),
        own_tier=held.ifelse(both.tier, nothing),
    ).drop("put_tier", "put_mode", "put_reason", "put_until", "put_approver")


def _place(tier: ir.Value, tiers: Sequence[str]) -> ir.IntegerValue:
    return cast(ir.IntegerValue, ibis.cases(*[(tier == name, place) for place, name in enumerate(tiers)]))


def recorded(scheme: Scheme, grading: Grading) -> dict[str, Any]:
    """What a run keeps of how it graded by a scheme."""
    return {
        "kind": scheme.kind,
        "version": scheme.version,
        "unit": scheme.unit,
        "inputs": list(scheme.inputs),
        "definition": scheme.definition.data(),
        "lives": scheme.definition.lives,
        "tiers": list(grading.tiers),
        "ladder": grading.ladder,
        "facts": grading.facts,
        "notes": list(grading.notes),
        "waiting": grading.waiting,
    }
