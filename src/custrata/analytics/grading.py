"""What every scheme hands back: a tier and a value for each customer, and what decided them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir

from custrata.analytics.ladders import Ladder


@dataclass(frozen=True)
class Grading:
    """Columns over a profile, and the plain facts behind them.

    `tiers` from the best down; `base` the profile, perhaps with columns of its own that start with an underscore;
    `tier` and `value` per customer and `extras`, expressions over `base`; `ladder` the lines, where the scheme has
    one; `facts` what else decided (numbers, texts and lists only; kept with the run); `notes` the names of phrases
    that the reader must know (`not_learned`, `waiting_discounts`, …).
    """

    tiers: tuple[str, ...]
    base: ir.Table
    tier: ir.StringValue
    value: ir.Value
    extras: Mapping[str, ir.Value] = field(default_factory=dict)
    ladder: Ladder | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def waiting(self) -> bool:
        """Whether the workspace lacks the data this scheme is made from; then it is not published."""
        return any(note.startswith("waiting_") for note in self.notes)

    def table(self) -> ir.Table:
        """The result by itself: `customer_id`, `tier`, `value` and the further columns."""
        return self.base.select("customer_id", tier=self.tier, value=self.value, **self.extras)

    def onto(self, key: str) -> ir.Table:
        """The profile with the columns `<key>_tier`, `<key>_value` and `<key>_<extra>` added."""
        named = {f"{key}_tier": self.tier, f"{key}_value": self.value}
        wider = self.base.mutate(**named, **{f"{key}_{name}": extra for name, extra in self.extras.items()})
        return wider.drop(*[name for name in wider.columns if name.startswith("_")])
