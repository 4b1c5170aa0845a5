"""Changes of tiers, for programs that follow along."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from custrata.apps.tiers.api.shapes import ChangesOut
from custrata.apps.tiers.queries.feed import ChangesRewritten, feed
from custrata.apps.tiers.rights import READ_CHANGES
from custrata.web.bearers import BearerToken
from custrata.web.listing import MOST
from custrata.web.problems import answers, problem

router = Router(tags=["changes"])


class Since(Schema):
    """From where on, of which schemes, and how many."""

    since: str = Field("", max_length=2000, description="The cursor of the answer before; none to begin.")
    scheme: str = Field("", max_length=2000, description="Keys of schemes, with commas between; none for all.")
    limit: int = Field(100, ge=1, le=MOST, description="How many at most.")


READ = BearerToken(READ_CHANGES)


@router.get("/changes", auth=READ, response=answers(ChangesOut, 410), by_alias=True, url_name="changes")
def list_changes(request: HttpRequest, asked: Query[Since]) -> dict[str, Any] | HttpResponse:
    """What changed over all runs since a cursor, in the order of runs, then of customers and schemes."""
    schemes = [key.strip() for key in asked.scheme.split(",") if key.strip()] or None
    try:
        found = feed(asked.since, schemes=schemes, limit=asked.limit)
    except ChangesRewritten as error:
        return problem(410, type(error).__name__, str(error), since=error.facts["since"])
    changes = [
        {**row, "source": row["from_tier"], "target": row["tier"], "run": row["run"].id} for row in found.changes
    ]
    return {"changes": changes, "since": found.since, "more": found.more}
