"""Every change of tiers, over all runs, from a cursor on.

A cursor stands after one change: the instant of its run, the customer and the scheme. It also knows which run told the
change, and when the newest of the runs up to it was made; so it notices when history was made anew behind it, and says
from where on to read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from custrata.apps.tiers.queries.runs import recorded_runs
from custrata.errors import Refused
from custrata.lake import Run
from custrata.pipeline.reading import changes_of
from custrata.web.listing import key_of
from custrata.web.paging import Cursor
from custrata.web.workspace import workspace

OF = "changes"
START = datetime(1, 1, 1, tzinfo=UTC)


class ChangesRewritten(Refused):
    template = (
        "What was told before this cursor was made anew on {made}, from {start} on. Go on with the cursor in `since`: "
        "it tells all that happened from then on again, and what it tells of that time replaces what was told of it."
    )


@dataclass(frozen=True)
class Place:
    """After which change to go on: of the run of that instant the one of this customer and scheme.

    `run` told it (empty: nothing of that instant was told yet), `made` is when the newest run up to there was made.
    """

    as_of: datetime
    customer_id: str
    scheme: str
    run: str
    made: datetime

    @classmethod
    def read(cls, written: str) -> Place:
        """The place a cursor stands at. Raises `NotACursor`."""
        as_of, customer_id, scheme, run, made = key_of(written, OF)
        assert isinstance(as_of, datetime)
        assert isinstance(made, datetime)
        return cls(as_of, str(customer_id), str(scheme), str(run), made)

    def write(self) -> str:
        """The cursor."""
        return Cursor((self.as_of, self.customer_id, self.scheme, self.run, self.made), of=OF).write()


@dataclass(frozen=True)
class Feed:
    """Changes in the order of runs, then of customers and schemes; the cursor after them; whether there are more."""

    changes: Sequence[dict[str, Any]]
    since: str
    more: bool


def feed(since: str, *, schemes: Sequence[str] | None, limit: int) -> Feed:
    """Up to so many changes after a cursor, all from the beginning where it is empty.

    Raises `NotACursor`, and `ChangesRewritten` with where to go on in its fact `since`.
    """
    place = Place.read(since) if since else Place(START, "", "", "", START)
    while True:
        runs = recorded_runs()
        check_history(place, runs)
        try:
            return _read(place, runs, schemes, limit)
        except Exception:  # whatever the engine says of a file that is gone: its run was replaced meanwhile
            if [run.id for run in runs] == list(workspace().runs.history_ids()):
                raise


def _read(place: Place, runs: Sequence[Run], schemes: Sequence[str] | None, limit: int) -> Feed:
    found: list[dict[str, Any]] = []
    for run in (run for run in runs if run.as_of >= place.as_of):
        after = (place.customer_id, place.scheme) if run.as_of == place.as_of and place.run else None
        wanted = limit + 1 - len(found)
        found += [row | {"run": run} for row in changes_of(run, after=after, schemes=schemes, limit=wanted)]
        if len(found) > limit:
            break
    kept = found[:limit]
    return Feed(kept, _after(kept, place, runs).write(), len(found) > limit)


def check_history(place: Place, runs: Sequence[Run]) -> None:
    """Whether all that lies before a place is still as it was told. Raises `ChangesRewritten`."""
    if not place.run:
        return
    before = [run for run in runs if run.as_of <= place.as_of]
    anew = [run for run in before if _made(run) > place.made]
    if place.run not in {run.id for run in before}:
        anew = anew or [run for run in runs if run.as_of >= place.as_of][:1] or list(runs[-1:])
    if not anew:
        return
    start = Place(anew[0].as_of, "", "", "", START)
    made = max(_made(run) for run in anew)
    error = ChangesRewritten(made=made.isoformat(), start=anew[0].as_of.isoformat())
    error.facts["since"] = start.write()
    raise error


def _after(kept: Sequence[dict[str, Any]], place: Place, runs: Sequence[Run]) -> Place:
    """The place after the last change; where there was none, the same as before."""
    if not kept:
        return place
    last, run = kept[-1], kept[-1]["run"]
    made = max(_made(one) for one in runs if one.as_of <= run.as_of)
    return Place(run.as_of, last["customer_id"], last["scheme"], run.id, made)


def _made(run: Run) -> datetime:
    """When a run was made."""
    return datetime.fromisoformat(run.record["at"])
