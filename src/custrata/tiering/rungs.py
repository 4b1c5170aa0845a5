"""From a definition and the lines a run drew to the rungs on which tiers live."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from custrata.analytics.grading import Grading
from custrata.analytics.ladders import Ladder
from custrata.engine.functions import Number
from custrata.tiering.definitions import Definition, TierDefinition
from custrata.tiering.life import Life, LifeTier


def life_of(definition: Definition, grading: Grading) -> Life | None:
    """The life of a scheme's tiers at a run; none where they follow their value, or no line could be drawn."""
    if not definition.lives or grading.ladder is None or not grading.ladder.steps:
        return None
    return life_on_ladder(definition, grading.ladder)


def life_on_ladder(definition: Definition, ladder: Ladder) -> Life:
    """The same on a ladder that was drawn before, as a run recorded it."""
    named, less = {tier.key: tier for tier in definition.tiers}, ladder.less_is_better
    steps = tuple(_rung(named[step.tier], step.line, less_is_better=less) for step in ladder.steps)
    lowest = LifeTier(ladder.lowest, None)
    return Life((*steps, lowest), definition.review, ladder.less_is_better, definition.qualify)


def _rung(tier: TierDefinition, enter: Number, *, less_is_better: bool) -> LifeTier:
    keep = Decimal(enter) * _decimal(tier.keep) if isinstance(tier.keep, Fraction) else tier.keep
    if keep is not None:  # a line drawn by shares may come to lie where it is easier to enter than was thought
        keep = max(keep, Decimal(enter)) if less_is_better else min(keep, Decimal(enter))
    terms = {"valid": tier.valid, "grace": tier.grace}
    return LifeTier(tier.key, enter, keep, tier.valid_days, tier.grace_days, tier.drop_at_most, **terms)


def _decimal(share: Fraction) -> Decimal:
    """A percentage of at most six places, exactly."""
    return Decimal(share.numerator) / Decimal(share.denominator)
