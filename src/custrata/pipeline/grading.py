"""Every published scheme over the profile: in order of what reads what, with the life of tiers and tiers by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from custrata.analytics.combined import with_credit
from custrata.analytics.grading import Grading
from custrata.analytics.loyalty import with_repeat_share
from custrata.analytics.traits import Keep, joined_by_customer
from custrata.engine import Engine
from custrata.lake import Run
from custrata.pipeline.decisions import Decided
from custrata.pipeline.windows import Windows
from custrata.schema import INSTANT
from custrata.tiering.kinds import waiting
from custrata.tiering.life import live
from custrata.tiering.rungs import life_of
from custrata.tiering.schemes import Context, Scheme, columns_of

STATE = {"tier": "string", "status": "string", "since": INSTANT, "until": INSTANT, "at": INSTANT}


@dataclass
class Grader:
    """Grades one profile by scheme after scheme.

    `former` is the run before, whose tiers, as they were left, the life of a tier goes on from; `results` holds what
    was graded so far, a narrow table by scheme: `customer_id`, `tier`, `value` and further columns; `gradings` and
    `told` hold what decided each scheme, as it is and as a run keeps it. Without an `engine` nobody can have been put
    by hand, and nothing was before.
    """

    profile: ir.Table
    context: Context
    decided: Decided
    former: Run | None
    engine: Engine | None
    keep: Keep
    windows: Windows
    results: dict[str, ir.Table] = field(default_factory=dict)
    gradings: dict[str, Grading] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    def grade(self, scheme: Scheme) -> None:
        """Grade by one scheme; those it reads were graded before."""
        table, missing = self._inputs(scheme)
        grading = scheme.grade(table, self.context) if not missing else waiting(scheme.tiers, table, missing)
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
            profile = self.windows.since_review(profile, scheme, self._state(scheme.key))
        profile = derived(profile, scheme.reads)
        held = [name for name in scheme.seen if name in profile.columns]
        seen = [self._of_scheme(key, scheme) for key in scheme.needs(self.results)]
        held += [name for table in seen for name in table.columns if name != "customer_id"]
        table = joined_by_customer(
            profile.select("customer_id", *[name for name in held if name in profile.columns]), *seen
        )
        asked = [name for name in scheme.reads if name not in held and name != "tags" and not name.endswith("_since")]
        return table, [] if scheme.kind in PARTIAL else asked

    def _of_scheme(self, key: str, reader: Scheme) -> ir.Table:
        """What a scheme reads of one that was graded before: tier, value, since when."""
        graded, wanted = self.results[key], [name for name in columns_of(key) if name in reader.seen]
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

    def _lived(self, scheme: Scheme, grading: Grading) -> ir.Table:
        """What was graded, with the tier's life and the tiers given by hand."""
        narrow = grading.table()
        put = None
        if self.engine is not None:
            put = self.decided.put(scheme.key, grading.tiers, self.context.as_of, self.engine)
        life = life_of(scheme.definition, grading)
        if life is None:
            return narrow if put is None else _put(narrow, put)
        graded = self.keep(narrow)
        beside = [self._state(scheme.key), *([] if put is None else [put])]
        lived = live(joined_by_customer(graded.select("customer_id", "value"), *beside), life, self.context.as_of)
        by_hand = lived.status == "override"
        told = lived.mutate(reason=by_hand.ifelse(lived.put_reason, lived.reason)).drop("put_reason", "put_approver")
        return joined_by_customer(graded.drop("tier"), told)

    def _state(self, key: str) -> ir.Table:
        """What the run before left of each customer's tier, as `live` takes it, and the first order's day."""
        members = self.profile.select("customer_id", member_since="first_order_on")
        if self.former is None or self.engine is None:
            return members.mutate(**{f"was_{part}": ibis.null(kind) for part, kind in STATE.items()})
        former = self.former.read("profile", self.engine)
        held = {
            f"was_{part}": former[f"{key}_{part}"].cast(kind) if f"{key}_{part}" in former.columns else ibis.null(kind)
            for part, kind in STATE.items()
            if part != "at"
        }
        was_at = held["was_tier"].isnull().ifelse(ibis.null(INSTANT), ibis.literal(self.former.as_of).cast(INSTANT))
        return joined_by_customer(members, former.select("customer_id", **held, was_at=was_at))


def derived(profile: ir.Table, reads: Sequence[str]) -> ir.Table:
    """The profile with the helper columns that scores read: `repeat_share` and, where anything is known, `credit`."""
    if "repeat_share" in reads:
        profile = with_repeat_share(profile)
    return with_credit(profile) if "credit" in reads else profile


# Kinds that make do without some of what they read: a factor or a rule is left out, and they say so.
PARTIAL = frozenset({"score", "rules", "points"})


def _put(narrow: ir.Table, put: ir.Table) -> ir.Table:
    """The tier replaced where somebody was put by hand, with the reason, and until when."""
    both = joined_by_customer(narrow, put)
    held = both.put_tier.notnull()
    return both.mutate(
        tier=ibis.coalesce(both.put_tier, both.tier),
        status=held.ifelse("override", "computed"),
        reason=both.put_reason,
        until=both.put_until,
    ).drop("put_tier", "put_reason", "put_until", "put_approver")


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


def former_decisions(former: Run | None, schemes: Sequence[Scheme], *, learn: bool) -> Mapping[str, Any]:
    """What the run before recorded of the schemes that are graded by the same version; nothing where all is to be
    learned anew."""
    if former is None or learn:
        return {}
    held = former.record["schemes"]
    return {
        one.key: held[one.key] for one in schemes if one.key in held and held[one.key].get("version") == one.version
    }
