"""How long customers stay in each tier, out of the history that the runs tell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from custrata.analytics.stays import Lasted, Survival, survival
from custrata.lake import Run, Workspace
from custrata.pipeline.reading.connection import Serving, literal
from custrata.pipeline.reading.history import intervals, segments

# Intervals that follow one another in one tier are one stay, whatever its status or the version of the scheme.
STAYS = """
WITH told AS ({intervals}),
marked AS (
    SELECT *, coalesce(lag(tier) OVER life = tier AND lag(valid_until) OVER life = valid_from, false) AS goes_on
    FROM told WINDOW life AS (PARTITION BY customer_id ORDER BY valid_from)
),
numbered AS (
    SELECT *, count(*) FILTER (WHERE NOT goes_on) OVER (PARTITION BY customer_id ORDER BY valid_from) AS stay
    FROM marked
),
stays AS (
    SELECT tier, min(valid_from) AS began, max(coalesce(valid_until, {last})) AS seen,
        -- What ends together with the scheme, or goes on, was not seen to end.
        bool_or(valid_until IS NULL OR list_contains({ends}, valid_until)) AS going_on
    FROM numbered GROUP BY customer_id, stay, tier
)
SELECT tier, list_contains({begins}, began) AS before, round(epoch(seen - began) / 86400)::INTEGER AS days,
    count(*) FILTER (WHERE NOT going_on) AS ended, count(*) FILTER (WHERE going_on) AS going_on
FROM stays GROUP BY ALL ORDER BY ALL
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
        sql, values = intervals(asking, runs, schemes=[scheme])
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
    seen = [Lasted(row["days"], row["ended"], row["going_on"]) for row in rows if not row["before"]]
    before = sum(row["ended"] + row["going_on"] for row in rows if row["before"])
    going_on = sum(one.going_on for one in seen)
    return TierStays(tier, sum(one.ended for one in seen) + going_on, going_on, before, survival(seen))


def _instants(found: Iterable[datetime]) -> str:
    return f"[{', '.join(map(_instant, found))}]::TIMESTAMPTZ[]"


def _instant(at: datetime) -> str:
    return f"{literal(at.isoformat())}::TIMESTAMPTZ"
