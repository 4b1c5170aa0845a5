"""The feed of tier changes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from custrata.apps.tiers.api.shapes import ChangesOut
from custrata.apps.tiers.queries.feed import ChangesRewritten, feed
from custrata.apps.tiers.rights import READ_CHANGES
from custrata.web.bearers import BearerToken
from custrata.web.listing import MOST
from custrata.web.problems import answers, refuse

router = Router(tags=["changes"])


class Since(Schema):
    """Cursor, schemes and page size."""

    since: str = Field(
        "", max_length=2000, description="The cursor of the previous response; empty to start from the beginning."
    )
    scheme: str = Field("", max_length=2000, description="Keys of schemes, separated by commas; empty for all.")
    limit: int = Field(100, ge=1, le=MOST, description="Maximum number of changes.")


READ = BearerToken(READ_CHANGES)


@router.get("/changes", auth=READ, response=answers(ChangesOut, 410), by_alias=True, url_name="changes")
def list_changes(request: HttpRequest, params: Query[Since]) -> dict[str, Any] | HttpResponse:
    """The tier changes of all runs since a cursor, ordered by run, customer and scheme."""
    schemes = [key.strip() for key in params.scheme.split(",") if key.strip()] or None
    try:
        page = feed(params.since, schemes=schemes, limit=params.limit)
    except ChangesRewritten as error:
        return refuse(request, error, since=error.facts["since"])
    changes = [{**row, "source": row["from_tier"], "target": row["tier"], "run": row["run"].id} for row in page.changes]
    return {"changes": changes, "since": page.since, "more": page.more}
