"""The steps of the colour ramp for tiers. The ramp itself, light and dark, is in `templates/pictures.css`."""

from __future__ import annotations

from decimal import Decimal

from custrata.pipeline.reading.figures import SchemeSummary

DEEPEST, PALEST = 0, 20
APART = "apart"


def tier_colours(scheme: SchemeSummary) -> dict[str, str]:
    """The colour class of each tier: `step-0` the deepest, `step-20` the palest, `apart` for tiers off the ladder.

    Depth follows revenue per customer, in even steps so that neighbours are distinguishable; tiers without customers
    have the value of the next better tier. Every picture and table of a scheme uses these colours.

    >>> from custrata.pipeline.reading.figures import Tier
    >>> tiers = Tier(2, Decimal(90), key="high", name="High"), Tier(5, Decimal(30), key="low", name="Low")
    >>> tier_colours(SchemeSummary("value", "Value", tiers))
    {'high': 'step-0', 'low': 'step-20'}
    """
    worth: dict[str, Decimal] = {}
    last = Decimal("Infinity")
    for tier in scheme.tiers:
        last = tier.mean if tier.mean is not None else last
        if not tier.apart:
            worth[tier.key] = last
    order = sorted(worth, key=lambda key: -worth[key])
    depth = {key: colour(place / max(1, len(order) - 1)) for place, key in enumerate(order)}
    return {tier.key: depth.get(tier.key, APART) for tier in scheme.tiers}


def colour(paleness: float) -> str:
    """The colour class for a paleness from 0, the deepest, to 1."""
    return f"step-{round(DEEPEST + min(1.0, max(0.0, paleness)) * (PALEST - DEEPEST))}"
