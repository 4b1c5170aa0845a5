"""Traits under another window than the usual 365 days, and what counts since a tier's last review."""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis
import ibis.expr.types as ir

from custrata.analytics.moments import AsOf
from custrata.analytics.traits import WINDOWED, Keep, Known, joined_by_customer, order_traits
from custrata.tiering.definitions import WINDOW
from custrata.tiering.schemes import Scheme


@dataclass
class Windows:
    """The profile as schemes with windows of their own see it; each window is computed once, when first asked for."""

    known: Known
    as_of: AsOf
    keep: Keep
    _held: dict[tuple[int | None, frozenset[str]], ir.Table] = field(default_factory=dict)

    def profile(self, profile: ir.Table, scheme: Scheme) -> ir.Table:
        """The profile, its traits of the window replaced by those of the scheme's window."""
        window = scheme.definition.window
        wanted = [name for name in scheme.reads if name in WINDOWED]
        if window == WINDOW or not wanted:
            return profile
        traits = self._traits(window, frozenset(WINDOWED[name] for name in wanted) - {""}).select(
            "customer_id", *wanted
        )
        rest = profile.drop(*[name for name in wanted if name in profile.columns])
        both = joined_by_customer(rest, traits)
        counted = {
            name: both[name].fill_null(ibis.literal(0).cast(profile[name].type())) for name in ("orders", "sales", "spend")
            if name in wanted
        }  # fmt: skip
        return both.mutate(**counted)

    def _traits(self, window: int | None, families: frozenset[str]) -> ir.Table:
        if (window, families) not in self._held:
            found = order_traits(self.known, self.as_of, places=(), window=window, families=families, keep=self.keep)
            self._held[window, families] = self.keep(found)
        return self._held[window, families]
