"""Overrides: tiers set by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.responses import Status

from custrata.apps.tiers.actions import end_override, override_data, set_override
from custrata.apps.tiers.api.shapes import OverrideIn, OverrideOut
from custrata.apps.tiers.rights import WRITE_OVERRIDES
from custrata.web.bearers import BearerToken, bearer
from custrata.web.problems import answers
from custrata.web.versions import ensure_match, with_tag

router = Router(tags=["customers"])
ADDRESS = "/customers/{path:customer_id}/tiers/{scheme}/override"
WRITE = BearerToken(WRITE_OVERRIDES)


@router.post(ADDRESS, auth=WRITE, response=answers(OverrideOut, 404, 412), url_name="override")
def give_tier(
    request: HttpRequest, response: HttpResponse, customer_id: str, scheme: str, payload: OverrideIn
) -> dict[str, Any]:
    """Set a customer's tier by hand, replacing an earlier override. It takes effect with the next refresh.

    `at_least` (the default): the better of this and the computed tier applies. `exactly`: this tier applies. If the
    tiers of a scheme have no order, both are the same. With `If-Match`, the request succeeds only if the override
    still has the `ETag` of an earlier response.
    """
    override = set_override(
        customer_id=customer_id,
        scheme=scheme,
        tier=payload.tier,
        reason=payload.reason,
        until=payload.until,
        mode=payload.mode,
        actor=bearer(request).person,
        at=timezone.now(),
        unchanged=partial(ensure_match, request),
    )
    with_tag(response, override_data(override))
    fields = {name: getattr(override, name) for name in OverrideOut.model_fields if hasattr(override, name)}
    return fields | {"approved_by": bearer(request).person.username}


@router.delete(ADDRESS, auth=WRITE, response=answers(None, 409, 412, status=204))
def take_back_tier(request: HttpRequest, customer_id: str, scheme: str) -> Status[None]:
    """Remove an override, from the next refresh on; with `If-Match`, only if it still has that `ETag`."""
    who: dict[str, Any] = {"actor": bearer(request).person, "at": timezone.now()}
    end_override(customer_id=customer_id, scheme=scheme, unchanged=partial(ensure_match, request), **who)
    return Status(204, None)
