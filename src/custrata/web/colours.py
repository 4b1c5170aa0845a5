"""The colour of a tier wherever it appears: the same class in badges, tables and pictures of the published run."""

from __future__ import annotations

from functools import lru_cache

from custrata.pipeline.reading import GradedRun
from custrata.pipeline.reading.collect import APART
from custrata.pipeline.reading.figures import SchemeSummary, Tier
from custrata.report.colours import tier_colours
from custrata.web.workspace import published_run

OFF_THE_LADDER = "apart"


def tier_colour(scheme: str, tier: str) -> str:
    """The colour class of a tier: `step-0`, the deepest, to `step-20`, or `apart`."""
    run = published_run()
    return _of_run(run.id, _Uncached(run)).get((scheme, tier), OFF_THE_LADDER) if run else OFF_THE_LADDER


class _Uncached:
    """A wrapper that is equal to any other, to pass a run to a cached function without it being part of the key."""

    def __init__(self, run: GradedRun) -> None:
        self.run = run

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Uncached)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _of_run(run_id: str, uncached: _Uncached) -> dict[tuple[str, str], str]:
    colours = dict[tuple[str, str], str]()
    for scheme, graded in uncached.run.schemes.items():
        tiers = tuple(
            Tier(tier.customers, tier.revenue, key=tier.key, name=tier.key, apart=tier.key in APART)
            for tier in graded.tiers
        )
        colours |= {(scheme, key): colour for key, colour in tier_colours(SchemeSummary(scheme, scheme, tiers)).items()}
    return colours
