"""The feed of tier changes over all runs, from a cursor on.

A cursor points after one change: the instant of its run, the customer and the scheme. It also records the id of that
run, and when the newest of the runs up to it was made. This detects that earlier history was rebuilt, and from where
on clients have to read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from custrata.apps.tiers.queries.runs import recorded_runs
from custrata.errors import Refused
from custrata.pipeline.reading import GradedRun, changes_of
from custrata.web.listing import key_of
from custrata.web.paging import Cursor
from custrata.web.workspace import workspace

OF = "changes"
START = datetime(1, 1, 1, tzinfo=UTC)


class ChangesRewritten(Refused):
    status = 410
    template = (
        "The history before this cursor was rebuilt on {made}, from {start} on. Continue with the cursor in `since`: "
        "it returns all changes from then on again, and they replace those read before."
    )


@dataclass(frozen=True)
class Place:
    """The position after a change: the instant of its run, its customer and its scheme.

    `run` is the id of that run (empty before the first change of the instant); `made_at` is when the newest run up to
    there was made.
    """

    as_of: datetime
    customer_id: str
    scheme: str
    run: str
    made_at: datetime

    @classmethod
    def read(cls, written: str) -> Place:
        """Parse a cursor. Raises `NotACursor`."""
        as_of, customer_id, scheme, run, made_at = key_of(written, OF)
        assert isinstance(as_of, datetime)
        assert isinstance(made_at, datetime)
        return cls(as_of, str(customer_id), str(scheme), str(run), made_at)

    def write(self) -> str:
        """Format as a cursor."""
        return Cursor((self.as_of, self.customer_id, self.scheme, self.run, self.made_at), of=OF).write()


@dataclass(frozen=True)
class Feed:
    """Changes ordered by run, customer and scheme; the cursor after them; whether there are more."""

    changes: Sequence[dict[str, Any]]
    since: str
    more: bool


def feed(since: str, *, schemes: Sequence[str] | None, limit: int) -> Feed:
    """Up to `limit` changes after a cursor; an empty cursor starts at the beginning.

    Raises `NotACursor`, and `ChangesRewritten` with the cursor to continue from in its fact `since`.
    """
    place = Place.read(since) if since else Place(START, "", "", "", START)
    while True:
        runs = recorded_runs()
        check_history(place, runs)
        try:
            return _read_changes(place, runs, schemes, limit)
        except Exception:  # any engine error about a missing file: its run may have been replaced meanwhile
            if [run.id for run in runs] == list(workspace().runs.history_ids()):
                raise


def _read_changes(place: Place, runs: Sequence[GradedRun], schemes: Sequence[str] | None, limit: int) -> Feed:
    changes: list[dict[str, Any]] = []
    for run in (run for run in runs if run.as_of >= place.as_of):
        after = (place.customer_id, place.scheme) if run.as_of == place.as_of and place.run else None
        remaining = limit + 1 - len(changes)
        changes += [row | {"run": run} for row in changes_of(run, after=after, schemes=schemes, limit=remaining)]
        if len(changes) > limit:
            break
    page = changes[:limit]
    return Feed(page, _next_place(page, place, runs).write(), len(changes) > limit)


def check_history(place: Place, runs: Sequence[GradedRun]) -> None:
    """Check that the history up to a place is unchanged. Raises `ChangesRewritten`."""
    if not place.run:
        return
    before = [run for run in runs if run.as_of <= place.as_of]
    anew = [run for run in before if run.created_at > place.made_at]
    if place.run not in {run.id for run in before}:
        anew = anew or [run for run in runs if run.as_of >= place.as_of][:1] or list(runs[-1:])
    if not anew:
        return
    start = Place(anew[0].as_of, "", "", "", START)
    made_at = max(run.created_at for run in anew)
    error = ChangesRewritten(made=made_at.isoformat(), start=anew[0].as_of.isoformat())
    error.facts["since"] = start.write()
    raise error


def _next_place(changes: Sequence[dict[str, Any]], place: Place, runs: Sequence[GradedRun]) -> Place:
    """The place after the last change; the given place if there are no changes."""
    if not changes:
        return place
    last, run = changes[-1], changes[-1]["run"]
    made_at = max(past_run.created_at for past_run in runs if past_run.as_of <= run.as_of)
    return Place(run.as_of, last["customer_id"], last["scheme"], run.id, made_at)
