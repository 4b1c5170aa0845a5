"""How long customers stay in each tier, out of the history that the runs tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, takewhile

from custrata.analytics.stays import HORIZONS, Lasted, Survival, survival
from custrata.lake import Run, Workspace
from custrata.pipeline.marks import method_of
from custrata.pipeline.reading.connection import Serving, literal
from custrata.pipeline.reading.history import intervals, segments
from custrata.wording.writer import NOTHING, Writer

STAYS = """
SELECT tier, list_contains({begins}, valid_from) AS before,
    round(epoch(coalesce(valid_until, {last}) - valid_from) / 86400)::INTEGER AS days,
    -- What goes on, or ended with the scheme or the customer, was not seen to end.
    valid_until IS NULL OR ended_by IS NOT NULL OR list_contains({ends}, valid_until) AS going_on, count(*) AS many
FROM ({intervals}) GROUP BY ALL ORDER BY ALL
"""


@dataclass(frozen=True)
class TierStays:
    """The stays in one tier: those seen to begin, how many of them go on, and the curve of how long they last.

    `before` are those that were there when the scheme was graded first: since when is not known, so they are not in
    the curve.
    """

    tier: str
    stays: int
    going_on: int
    before: int
    curve: Survival

    def shares_told(self, horizons: Sequence[int], write: Writer) -> list[str]:
        """Which share is still there after so many days, as text."""
        shares = self.curve.shares(horizons).values()
        return [NOTHING if share is None else write.share(float(share)) for share in shares]


@dataclass(frozen=True)
class Stays:
    """How long customers stay in the tiers of a scheme, the best tier first, and what was looked at.

    `runs` are those of one method, the newest and as many before it as graded by the same definitions, version and
    learning, from `first` on; the `left_out` older ones graded otherwise. `spacing` is how many days lie between two
    runs, at the median: no stay can be told more finely.
    """

    tiers: tuple[TierStays, ...]
    runs: int = 0
    left_out: int = 0
    first: datetime | None = None
    spacing: int | None = None

    @property
    def horizons(self) -> tuple[int, ...]:
        """After how many days a share can be told: none sooner than the runs lie apart."""
        return tuple(days for days in HORIZONS if self.spacing is not None and days >= self.spacing)


def stays(workspace: Workspace, scheme: str) -> Stays:
    """How long customers stay in each tier of a scheme, as far as the runs saw it.

    A stay ends at the run that sees the customer in another tier, so lengths are as fine as the runs are dense. Runs
    that graded by another method are left out: who is in another tier for that reason alone has not moved.
    """
    with workspace.runs.reading():
        return stays_of(workspace.runs.history(), scheme)


def stays_of(every: Sequence[Run], scheme: str) -> Stays:
    """The same over these runs, the oldest first."""
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
    stretches = [one for one in segments(runs) if one[0] == scheme]
    with Serving().asking() as asking:
        sql, values = intervals(asking, runs, [scheme], moves_only=True)
        if not sql:
            return Stays((), *looked)
        begins, ends = _instants(begin for _, begin, _ in stretches), _instants(end for _, _, end in stretches if end)
        asked = STAYS.format(intervals=sql, last=_instant(runs[-1].as_of), begins=begins, ends=ends)
        rows = asking.table(asked, values).to_pylist()
    tiers = dict.fromkeys((*_tiers(runs, scheme), *(row["tier"] for row in rows)))
    return Stays(tuple(_told(tier, [row for row in rows if row["tier"] == tier]) for tier in tiers), *looked)


def _tiers(runs: Sequence[Run], scheme: str) -> Sequence[str]:
    """The tiers as the newest run that graded by the scheme has them."""
    graded = (run.record["schemes"].get(scheme) for run in reversed(runs))
    return next((decided["tiers"] for decided in graded if decided is not None and not decided["waiting"]), ())


def _told(tier: str, rows: Sequence[dict[str, int]]) -> TierStays:
    seen = [(row["days"], row["many"], row["going_on"]) for row in rows if not row["before"]]
    lasted = [Lasted(days, 0, many) if going_on else Lasted(days, many) for days, many, going_on in seen]
    before = sum(row["many"] for row in rows if row["before"])
    going_on = sum(one.going_on for one in lasted)
    return TierStays(tier, sum(one.ended for one in lasted) + going_on, going_on, before, survival(lasted))


def _instants(found: Iterable[datetime]) -> str:
    return f"[{', '.join(map(_instant, found))}]::TIMESTAMPTZ[]"


def _instant(at: datetime) -> str:
    return f"{literal(at.isoformat())}::TIMESTAMPTZ"


def stays_told(found: Stays, write: Writer) -> Iterator[str]:
    """What the stays were seen by, in sentences: the runs, how far they lie apart, and which were left out."""
    if found.first is None:
        return
    if found.spacing is None:
        yield write("stays_one_run", since=write.day(found.first))
    else:
        yield write("stays_spacing", runs=found.runs, since=write.day(found.first), days=found.spacing)
    if found.left_out:
        yield write("stays_left_out", runs=found.left_out)
