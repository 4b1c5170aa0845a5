"""How long customers stay in each tier, out of the history that the runs tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from custrata.analytics.stays import Lasted, Survival, survival
from custrata.lake import Run, Workspace
from custrata.pipeline.reading.connection import Serving, literal
from custrata.pipeline.reading.history import intervals, segments

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


def stays(workspace: Workspace, scheme: str) -> list[TierStays]:
    """How long customers stay in each tier of a scheme, as far as the runs saw it; by tier, the best first.

    A stay ends at the run that sees the customer in another tier, so lengths are as fine as the runs are dense.
    """
    return stays_of(workspace.runs.all(), scheme)


def stays_of(runs: Sequence[Run], scheme: str) -> list[TierStays]:
    """The same over these runs, the oldest first."""
    stretches = [one for one in segments(runs) if one[0] == scheme]
    with Serving().asking() as asking:
        sql, values = intervals(asking, runs, [scheme], moves_only=True)
        if not sql:
            return []
        begins, ends = _instants(begin for _, begin, _ in stretches), _instants(end for _, _, end in stretches if end)
        asked = STAYS.format(intervals=sql, last=_instant(runs[-1].as_of), begins=begins, ends=ends)
        rows = asking.table(asked, values).to_pylist()
    tiers = dict.fromkeys((*_tiers(runs, scheme), *(row["tier"] for row in rows)))
    return [_told(tier, [row for row in rows if row["tier"] == tier]) for tier in tiers]


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
