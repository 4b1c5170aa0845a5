"""Traits under another window than the usual 365 days, and what counts since a tier's last review."""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.traits import (
    COMEBACK_DAYS,
    COMEBACKS,
    WINDOWED,
    Keep,
    Known,
    comebacks,
    joined_by_customer,
    order_traits,
)
from custrata.analytics.traits.pace import total
from custrata.tiering.definitions import WINDOW
from custrata.tiering.life import Life, Rung, review_start
from custrata.tiering.schemes import Scheme


def has_own_window(scheme: Scheme) -> bool:
    """Whether a scheme reads a trait of the window and looks at another window than the usual one."""
    own = scheme.definition.window != WINDOW and any(name in WINDOWED for name in scheme.reads)
    return own or _comeback_days(scheme) != COMEBACK_DAYS


def _comeback_days(scheme: Scheme) -> int:
    """The days within which a lifecycle calls those who came back won back."""
    return int(scheme.definition.settings["won_back_days"]) if scheme.kind == "lifecycle" else COMEBACK_DAYS


@dataclass
class Windows:
    """The profile as schemes with windows of their own see it; each window is computed once, when first asked for.

    `known` may be missing where no scheme has one.
    """

    known: Known | None
    as_of: AsOf
    keep: Keep
    _held: dict[tuple[int | None, frozenset[str]], ir.Table] = field(default_factory=dict)

    def profile(self, profile: ir.Table, scheme: Scheme) -> ir.Table:
        """The profile, its traits of the window replaced by those of the scheme's window."""
        if not has_own_window(scheme):
            return profile
        if scheme.kind == "lifecycle":
            assert self.known is not None
            own = comebacks(self.known.paced, self.as_of, self.known.everyone, days=_comeback_days(scheme))
            rest = profile.drop(*[name for name in COMEBACKS if name in profile.columns])
            return joined_by_customer(rest, self.keep(own))
        window, wanted = scheme.definition.window, [name for name in scheme.reads if name in WINDOWED]
        traits = self._traits(window, frozenset(WINDOWED[name] for name in wanted) - {""}).select(
            "customer_id", *wanted
        )
        rest = profile.drop(*[name for name in wanted if name in profile.columns])
        both = joined_by_customer(rest, traits)
        sums = [name for name in ("orders", "sales", "spend") if name in wanted]
        counted = {name: both[name].fill_null(ibis.literal(0).cast(profile[name].type())) for name in sums}
        return both.mutate(**counted)

    def since_review(self, profile: ir.Table, scheme: Scheme, state: ir.Table) -> ir.Table:
        """The profile, the scheme's trait counted from each customer's last review on: `orders`, `sales` or `spend`.

        `state` is what the run before left of the tiers, as `custrata.tiering.life.live` takes it.
        """
        trait = str(scheme.definition.settings["trait"])
        reviewed = Life((Rung("", None),), scheme.definition.review, qualify="since_review")
        starts = review_start(reviewed, self.as_of, state).select("customer_id", "counts_from", "counts_until")
        assert self.known is not None
        orders = self.known.orders.filter(self.known.orders.counted)
        dated = orders.left_join(starts, "customer_id")
        inside = (dated.day >= dated.counts_from).fill_null(True) & (dated.day < dated.counts_until).fill_null(True)
        sold, net = inside & dated.sold, dated.net
        # An order given back counts for no amount, not even a negative one: as in `returns.return_sums`.
        spent = inside & ~((dated.back > 0) & (dated.net <= 0))
        values = {"orders": dated.count(where=sold), "sales": total(net, sold), "spend": total(net, spent)}
        counted = dated.group_by("customer_id").aggregate(_since=values[trait])
        both = joined_by_customer(profile, counted)
        kind = profile[trait].type()
        return both.mutate(**{trait: both["_since"].cast(kind).fill_null(ibis.literal(0).cast(kind))}).drop("_since")

    def _traits(self, window: int | None, families: frozenset[str]) -> ir.Table:
        assert self.known is not None
        if (window, families) not in self._held:
            found = order_traits(self.known, self.as_of, places=(), window=window, families=families, keep=self.keep)
            self._held[window, families] = self.keep(found)
        return self._held[window, families]
