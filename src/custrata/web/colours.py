"""The colour of a tier wherever it appears: the same class in badges, tables and pictures of the published run."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from custrata.lake import Run
from custrata.report.collect import APART
from custrata.report.colours import tier_colours
from custrata.report.data import Scheme, Tier
from custrata.web.workspace import published_run

OFF_THE_LADDER = "apart"


def tier_colour(scheme: str, tier: str) -> str:
    """The colour class of a tier: `step-0`, the deepest, to `step-20`, or `apart`."""
    run = published_run()
    return _of_run(run.id, _Uncached(run)).get((scheme, tier), OFF_THE_LADDER) if run else OFF_THE_LADDER


class _Uncached:
    """A wrapper that is equal to any other, to pass a run to a cached function without it being part of the key."""

    def __init__(self, run: Run) -> None:
        self.run = run

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Uncached)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _of_run(run_id: str, uncached: _Uncached) -> dict[tuple[str, str], str]:
    record, colours = uncached.run.record, dict[tuple[str, str], str]()
    for scheme, scheme_record in record["schemes"].items():
        sizes = {row["tier"]: row for row in record["tiers"].get(scheme, ())}
        tiers = tuple(
            Tier(
                customers=sizes[key]["customers"] if key in sizes else 0,
                revenue=Decimal(sizes[key]["revenue"]) if key in sizes else Decimal(0),
                key=key,
                name=key,
                apart=key in APART,
            )
            for key in (scheme_record["tiers"] or ())
        )
        colours |= {(scheme, key): colour for key, colour in tier_colours(Scheme(scheme, scheme, tiers)).items()}
    return colours
