"""How long customers stay in each tier, from the history of the runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, takewhile

from custrata.analytics.stays import HORIZONS, Lasted, Survival, survival
from custrata.lake import Run, Workspace
from custrata.pipeline.graded import GradedRun
from custrata.pipeline.marks import method_of
from custrata.pipeline.reading.connection import Serving, literal
from custrata.pipeline.reading.history import intervals, segments
from custrata.wording.writer import NOTHING, Writer

STAYS = """
SELECT tier, list_contains({begins}, valid_from) AS before,
    round(epoch(coalesce(valid_until, {last}) - valid_from) / 86400)::INTEGER AS days,
    -- Censored: still going on, or ended with the scheme or the customer.
    valid_until IS NULL OR ended_by IS NOT NULL OR list_contains({ends}, valid_until) AS going_on, count(*) AS many
FROM ({intervals}) GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class TierStays:
    """The stays in one tier: those with a known start, how many of them go on, and the survival curve.

    `before` are those that existed when the scheme was first graded: their start is unknown, so they are not in the
    curve.
    """

    tier: str
    stays: int
    going_on: int
    before: int
    curve: Survival

    def format_shares(self, horizons: Sequence[int], write: Writer) -> list[str]:
        """The share still in the tier after each number of days, as text."""
        shares = self.curve.shares(horizons).values()
        return [NOTHING if share is None else write.share(float(share)) for share in shares]


@dataclass(frozen=True)
class Stays:
    """How long customers stay in the tiers of a scheme, the best tier first, and the runs it is based on.

    `runs` is the number of runs of the current method (same definitions, version and learning), from `first` on;
    `left_out` that of older ones with another method. `spacing` is the median of days between two runs, which limits
    the resolution.
    """

    tiers: tuple[TierStays, ...]
    runs: int = 0
    left_out: int = 0
    first: datetime | None = None
    spacing: int | None = None

    @property
    def horizons(self) -> tuple[int, ...]:
        """The horizons in days that are not shorter than the spacing of the runs."""
        return tuple(days for days in HORIZONS if self.spacing is not None and days >= self.spacing)


def stays(workspace: Workspace, scheme: str) -> Stays:
    """How long customers stay in each tier of a scheme, by the runs.

    A stay ends at the first run with the customer in another tier, so the resolution is that of the runs. Runs that
    graded by another method are left out, since a change of method is not a move.
    """
    with workspace.runs.reading():
        return stays_of(workspace.runs.history(), scheme)


def stays_of(every: Sequence[Run], scheme: str) -> Stays:
    """The stays over these runs, the oldest first."""
    graded = [run for run in every if method_of(run, scheme) is not None]
    methods = [method_of(run, scheme) for run in graded]
    alike = sum(1 for _ in takewhile(lambda method: method == methods[-1], reversed(methods)))
    while alike and not graded[-alike].is_whole:  # a trace cannot say who was in which tier when the method began
        alike -= 1
    first = graded[-alike] if alike else None
    # A run between them that did not grade by the scheme stays among them: it ends what went on.
    runs = [] if first is None else [run for run in every if run.as_of >= first.as_of]
    apart = sorted((later.as_of - earlier.as_of).days for earlier, later in pairwise(graded[len(graded) - alike :]))
    spacing = apart[(len(apart) - 1) // 2] if apart else None
    looked = (alike, len(graded) - alike, first.as_of if first else None, spacing)
    stretches = [segment for segment in segments(runs) if segment[0] == scheme]
    with Serving().connect() as connection:
        sql, values = intervals(connection, runs, [scheme], moves_only=True)
        if not sql:
            return Stays((), *looked)
        begins, ends = _instants(start for _, start, _ in stretches), _instants(end for _, _, end in stretches if end)
        query = STAYS.format(intervals=sql, last=_instant(runs[-1].as_of), begins=begins, ends=ends)
        rows = connection.table(query, values).to_pylist()
    tiers = dict.fromkeys((*_tiers(runs, scheme), *(row["tier"] for row in rows)))
    return Stays(tuple(_tier_stays(tier, [row for row in rows if row["tier"] == tier]) for tier in tiers), *looked)


def _tiers(runs: Sequence[Run], scheme: str) -> Sequence[str]:
    """The tiers as the newest run that graded by the scheme has them."""
    graded = (GradedRun.of(run).scheme(scheme) for run in reversed(runs))
    return next((by.tier_keys for by in graded if by is not None), ())


def _tier_stays(tier: str, rows: Sequence[dict[str, int]]) -> TierStays:
    lengths = [(row["days"], row["many"], row["going_on"]) for row in rows if not row["before"]]
    lasted = [Lasted(days, 0, many) if going_on else Lasted(days, many) for days, many, going_on in lengths]
    before = sum(row["many"] for row in rows if row["before"])
    going_on = sum(group.going_on for group in lasted)
    return TierStays(tier, sum(group.ended for group in lasted) + going_on, going_on, before, survival(lasted))


def _instants(instants: Iterable[datetime]) -> str:
    return f"[{', '.join(map(_instant, instants))}]::TIMESTAMPTZ[]"


def _instant(at: datetime) -> str:
    return f"{literal(at.isoformat())}::TIMESTAMPTZ"


def describe_stays(summary: Stays, write: Writer) -> Iterator[str]:
    """The basis of the stays as sentences: the runs, their spacing, and how many were left out."""
    if summary.first is None:
        return
    if summary.spacing is None:
        yield write("stays_one_run", since=write.day(summary.first))
    else:
        yield write("stays_spacing", runs=summary.runs, since=write.day(summary.first), days=summary.spacing)
    if summary.left_out:
        yield write("stays_left_out", runs=summary.left_out)
