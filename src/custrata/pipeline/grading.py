"""Grading of the profile by every published scheme, in order of dependency, with tier life and overrides."""

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
from custrata.pipeline.decisions import AppliedDecisions
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.handover import Handover
from custrata.pipeline.state import OWN, previous_state
from custrata.pipeline.windows import Windows
from custrata.schema import INSTANT
from custrata.tiering.kinds import waiting_grading
from custrata.tiering.life import STATE, live
from custrata.tiering.rungs import life_of
from custrata.tiering.schemes import GradingContext, Scheme, columns_of
from custrata.tiering.shapes import SHAPES


@dataclass
class Grader:
    """Grades one profile by one scheme after another.

    `previous_run` is the run whose tiers the life of tiers continues from, except for schemes with a `handover`;
    `results` holds the graded schemes, a narrow table each: `customer_id`, `tier`, `value` and further columns;
    `gradings` and `records` hold how each scheme was graded, as objects and as a run records it. Without an `engine`
    there are no overrides and no previous run.
    """

    profile: ir.Table
    context: GradingContext
    decisions: AppliedDecisions
    previous_run: Run | None
    engine: Engine | None
    keep: Keep
    windows: Windows
    handover: Handover = field(default_factory=Handover)
    results: dict[str, ir.Table] = field(default_factory=dict)
    gradings: dict[str, Grading] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    fresh: dict[str, ir.Table] = field(default_factory=dict)

    def grade(self, scheme: Scheme) -> None:
        """Grade by one scheme; the schemes it reads must be graded already."""
        table, missing = self._inputs(scheme)
        grading = scheme.grade(table, self.context) if not missing else waiting_grading(scheme.tiers, table, missing)
        unknown = [name for name in self.context.uncovered if name in scheme.columns_read]
        if unknown:
            facts = {**grading.facts, "uncovered": unknown}
            grading = replace(grading, facts=facts, notes=(*grading.notes, "uncovered"))
        self.gradings[scheme.key] = grading
        self.records[scheme.key] = recorded(scheme, grading)
        if not grading.waiting:
            self.results[scheme.key] = self.keep(self._with_life(scheme, grading))

    def profile_with_tiers(self) -> ir.Table:
        """The profile with the columns of every scheme that could be graded, `<key>_<column>` each."""
        named = [
            table.rename(**{f"{key}_{name}": name for name in table.columns if name != "customer_id"})
            for key, table in self.results.items()
        ]
        return joined_by_customer(self.profile, *named)

    def _inputs(self, scheme: Scheme) -> tuple[ir.Table, list[str]]:
        """The columns that a scheme reads, and the required ones that the workspace does not have."""
        profile = self.windows.profile(self.profile, scheme)
        if scheme.definition.qualify == "since_review":
            state = self._state(scheme.key)
            if not self._counted_since(scheme):
                state = state.mutate(was_at=ibis.null(INSTANT))
            profile, self.fresh[scheme.key] = self.windows.since_review(profile, scheme, state)
        profile = derived(profile, scheme.reads)
        columns = [name for name in scheme.columns_read if name in profile.columns]
        scheme_tables = [self._of_scheme(key, scheme) for key in scheme.needs(self.results)]
        columns += [name for table in scheme_tables for name in table.columns if name != "customer_id"]
        table = joined_by_customer(
            profile.select("customer_id", *[name for name in columns if name in profile.columns]), *scheme_tables
        )
        missing = [
            name for name in scheme.reads if name not in columns and name != "tags" and not name.endswith("_since")
        ]
        return table, [] if scheme.kind in PARTIAL else missing

    def _of_scheme(self, key: str, reader: Scheme) -> ir.Table:
        """The columns that `reader` reads of a graded scheme: tier, value, since."""
        graded, columns = self.results[key], [name for name in columns_of(key) if name in reader.columns_read]
        parts = {name: name.removeprefix(f"{key}_") for name in columns}
        if f"{key}_since" in columns and "since" not in graded.columns:
            graded = self._with_since(key, graded)
        return graded.select("customer_id", **{name: graded[part] for name, part in parts.items()})

    def _with_since(self, key: str, graded: ir.Table) -> ir.Table:
        """Tiers that follow their value, with the instant since when each customer is in the tier."""
        now = ibis.literal(self.context.as_of.instant).cast(INSTANT)
        both = joined_by_customer(graded, self._state(key).select("customer_id", "was_tier", "was_since"))
        stayed = (both.was_tier == both.tier).fill_null(False)
        return both.mutate(since=stayed.ifelse(ibis.coalesce(both.was_since, now), now)).drop("was_tier", "was_since")

    def _counted_since(self, scheme: Scheme) -> bool:
        """Whether the previous run used the same reviews; else this run judges the last full period as its first."""
        previous = None if self.previous_run is None else GradedRun.of(self.previous_run).schemes.get(scheme.key)
        definition = self.handover.definitions.get(scheme.key) or ({} if previous is None else previous.definition)
        now = scheme.definition.data()
        return all(definition.get(name) == now.get(name) for name in ("qualify", "review"))

    def _with_life(self, scheme: Scheme, grading: Grading) -> ir.Table:
        """The graded table with tier life and overrides."""
        narrow = grading.table()
        put = None
        if self.engine is not None:
            put = self.decisions.overrides(scheme.key, grading.tiers, self.context.as_of, self.engine)
        life = life_of(scheme.definition, grading)
        if life is None:
            return (
                narrow
                if put is None
                else _with_overrides(narrow, put, grading.tiers, ordered=SHAPES[scheme.kind].ordered)
            )
        graded = self.keep(narrow)
        state = self._state(scheme.key)
        tables = [state, *([] if put is None else [put])]
        values = graded.select("customer_id", "value")
        if scheme.key in self.fresh:
            tables.append(self.fresh[scheme.key])
            graded = _displayed_value(graded, self.fresh[scheme.key], less_is_better=life.less_is_better)
        lived = live(joined_by_customer(values, *tables), life, self.context.as_of)
        by_hand = lived.status == "override"
        result = lived.mutate(reason=by_hand.ifelse(lived.put_reason, lived.reason)).drop("put_reason", "put_approver")
        if put is None and "shown_tier" not in state.columns:
            result = result.drop(*OWN)  # no overrides so far: the own tier is the effective one
        return joined_by_customer(graded.drop("tier"), result)

    def _state(self, key: str) -> ir.Table:
        """Each customer's tier state at the previous run, as `live` takes it, and the day of the first order."""
        members = self.profile.select("customer_id", member_since="first_order_on")
        if key in self.handover.states:
            return joined_by_customer(members, self.handover.states[key])
        if self.previous_run is None or self.engine is None:
            nothing = {f"was_{part}": ibis.null(kind) for part, kind in STATE.items()}
            return members.mutate(**nothing, was_at=ibis.null(INSTANT))
        return joined_by_customer(members, previous_state(self.previous_run, key, self.engine))


def _displayed_value(graded: ir.Table, fresh: ir.Table, *, less_is_better: bool) -> ir.Table:
    """The value to display where a review judged a whole period: that value, or the one since then if it is better."""
    both = joined_by_customer(graded, fresh)
    better = ibis.least if less_is_better else ibis.greatest
    newer = ibis.coalesce(both.fresh, both.value)
    return both.mutate(value=better(ibis.coalesce(both.value, newer), newer).cast(both.value.type())).drop("fresh")


def derived(profile: ir.Table, reads: Sequence[str]) -> ir.Table:
    """The profile with the helper columns that scores read: `repeat_share` and, where anything is known, `credit`."""
    if "repeat_share" in reads:
        profile = with_repeat_share(profile)
    return with_credit(profile) if "credit" in reads else profile


# Kinds that can be graded without some of their inputs: the factor or rule is left out, with a note.
PARTIAL = frozenset({"score", "rules", "points"})


def _with_overrides(narrow: ir.Table, put: ir.Table, tiers: Sequence[str], *, ordered: bool) -> ir.Table:
    """The graded table with overridden tiers replaced, with their reason and end.

    Where tiers have an order and the mode is `at_least`, the better of the override and the computed tier counts.
    """
    both = joined_by_customer(narrow, put)
    overridden = both.put_tier.notnull()
    if ordered:
        better = _place(both.tier, tiers) < _place(both.put_tier, tiers)
        overridden = overridden & ~((both.put_mode != "exactly") & better).fill_null(False)
    nothing = ibis.null("string")
    return both.mutate(
        tier=overridden.ifelse(both.put_tier, both.tier),
        status=overridden.ifelse("override", "computed"),
        reason=overridden.ifelse(both.put_reason, nothing),
        until=overridden.ifelse(both.put_until, ibis.null(INSTANT)),
        own_tier=overridden.ifelse(both.tier, nothing),
    ).drop("put_tier", "put_mode", "put_reason", "put_until", "put_approver")


def _place(tier: ir.Value, tiers: Sequence[str]) -> ir.IntegerValue:
    return cast(ir.IntegerValue, ibis.cases(*[(tier == name, place) for place, name in enumerate(tiers)]))


def recorded(scheme: Scheme, grading: Grading) -> dict[str, Any]:
    """What a run records of how it graded by a scheme."""
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
