"""Traits under another window than the default 365 days, or counted since a tier's last review."""

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
    KnownFacts,
    comebacks,
    joined_by_customer,
    order_traits,
)
from custrata.analytics.traits.pace import total
from custrata.tiering.definitions import WINDOW
from custrata.tiering.life import Life, LifeTier, review_start
from custrata.tiering.schemes import Scheme


def has_own_window(scheme: Scheme) -> bool:
    """Whether a scheme reads windowed traits under another window than the default one."""
    own = scheme.definition.window != WINDOW and any(name in WINDOWED for name in scheme.reads)
    return own or _comeback_days(scheme) != COMEBACK_DAYS


def _comeback_days(scheme: Scheme) -> int:
    """For how many days a lifecycle counts returned customers as won back."""
    return int(scheme.definition.settings["won_back_days"]) if scheme.kind == "lifecycle" else COMEBACK_DAYS


@dataclass
class Windows:
    """The profile under the windows of schemes; each window is computed once, on first use.

    `order_facts` may be None where no scheme has its own window.
    """

    order_facts: KnownFacts | None
    as_of: AsOf
    keep: Keep
    _cache: dict[tuple[int | None, frozenset[str]], ir.Table] = field(default_factory=dict)

    def profile(self, profile: ir.Table, scheme: Scheme) -> ir.Table:
        """The profile, its traits of the window replaced by those of the scheme's window."""
        if not has_own_window(scheme):
            return profile
        if scheme.kind == "lifecycle":
            assert self.order_facts is not None
            own = comebacks(self.order_facts.paced, self.as_of, self.order_facts.everyone, days=_comeback_days(scheme))
            rest = profile.drop(*[name for name in COMEBACKS if name in profile.columns])
            return joined_by_customer(rest, self.keep(own))
        window, columns = scheme.definition.window, [name for name in scheme.reads if name in WINDOWED]
        traits = self._traits(window, frozenset(WINDOWED[name] for name in columns) - {""}).select(
            "customer_id", *columns
        )
        rest = profile.drop(*[name for name in columns if name in profile.columns])
        both = joined_by_customer(rest, traits)
        sums = [name for name in ("orders", "sales", "spend") if name in columns]
        counted = {name: both[name].fill_null(ibis.literal(0).cast(profile[name].type())) for name in sums}
        return both.mutate(**counted)

    def since_review(self, profile: ir.Table, scheme: Scheme, state: ir.Table) -> tuple[ir.Table, ir.Table]:
        """The profile, the scheme's trait counted from each customer's last review on: `orders`, `sales` or `spend`.

        `state` is what the run before left of the tiers, as `custrata.tiering.life.live` takes it. At the first run,
        and at one that holds a review, the trait is that of the whole period which the review ended; what counts since
        is the second table: `customer_id` and `fresh`, empty where no period was judged.
        """
        trait = str(scheme.definition.settings["trait"])
        reviewed = Life((LifeTier("", None),), scheme.definition.review, qualify="since_review")
        starts = review_start(reviewed, self.as_of, state)
        starts = starts.select("customer_id", "counts_from", "counts_until", "fresh_from")
        assert self.order_facts is not None
        orders = self.order_facts.orders.filter(self.order_facts.orders.counted)
        dated = orders.left_join(starts, "customer_id")
        judged = (dated.day >= dated.counts_from).fill_null(True) & (dated.day < dated.counts_until).fill_null(True)
        since = (dated.day >= dated.fresh_from).fill_null(False)
        counted = dated.group_by("customer_id").aggregate(
            _judged=_counted(dated, trait, judged), _fresh=_counted(dated, trait, since)
        )
        kind = profile[trait].type()
        both = joined_by_customer(profile, counted, starts)
        none = ibis.literal(0).cast(kind)
        value = both["_judged"].cast(kind).fill_null(none)
        fresh = both["fresh_from"].notnull().ifelse(both["_fresh"].cast(kind).fill_null(none), ibis.null(kind))
        added = self.keep(both.mutate(**{trait: value, "fresh": fresh}))
        return added.select(*profile.columns), added.select("customer_id", "fresh")

    def _traits(self, window: int | None, families: frozenset[str]) -> ir.Table:
        assert self.order_facts is not None
        if (window, families) not in self._cache:
            traits = order_traits(
                self.order_facts, self.as_of, places=(), window=window, families=families, keep=self.keep
            )
            self._cache[window, families] = self.keep(traits)
        return self._cache[window, families]


def _counted(dated: ir.Table, trait: str, inside: ir.BooleanValue) -> ir.Value:
    """A trait over the orders inside a period."""
    if trait == "orders":
        return dated.count(where=inside & dated.sold)
    if trait == "sales":
        return total(dated.net, inside & dated.sold)
    # A returned order counts as no amount, not even a negative one: as in `returns.return_sums`.
    return total(dated.net, inside & ~((dated.back > 0) & (dated.net <= 0)))
