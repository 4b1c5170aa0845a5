"""What pages of tiers show of schemes: drafts, versions, and what is done with them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from custrata.apps.schemes.queries.drafts import scheme_states
from custrata.apps.schemes.rights import EDIT_SCHEMES, SEE_DRAFTS
from custrata.web.rights import may


def scheme_parts(request: HttpRequest) -> dict[str, dict[str, Any]]:
    """The state of every scheme, and the user's rights; schemes that only have a draft for those who may see drafts."""
    may_see_drafts = may(request.user, SEE_DRAFTS)
    rights = {"may_see_drafts": may_see_drafts, "may_edit": may(request.user, EDIT_SCHEMES)}
    return {key: {"state": state, **rights} for key, state in scheme_states().items() if may_see_drafts or state.latest}
