"""Tiers by hand."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Router
from ninja.responses import Status

from custrata.apps.tiers.actions import end_override, put_by_hand, said_of
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
    request: HttpRequest, response: HttpResponse, customer_id: str, scheme: str, asked: OverrideIn
) -> dict[str, Any]:
    """Give a customer a tier by hand, from the next refresh on, instead of what was given before.

    `at_least` (the default): the better of it and the customer's own tier counts. `exactly`: it counts whatever the
    numbers say. Where the tiers of a scheme have no order both are the same. With `If-Match` only where it is still
    what the `ETag` of an earlier answer was about.
    """
    made = put_by_hand(
        customer_id=customer_id,
        scheme=scheme,
        tier=asked.tier,
        reason=asked.reason,
        until=asked.until,
        mode=asked.mode,
        actor=bearer(request).person,
        at=timezone.now(),
        unchanged=partial(ensure_match, request),
    )
    with_tag(response, said_of(made))
    told = {name: getattr(made, name) for name in OverrideOut.model_fields if hasattr(made, name)}
    return told | {"approved_by": bearer(request).person.username}


@router.delete(ADDRESS, auth=WRITE, response=answers(None, 409, 412, status=204))
def take_back_tier(request: HttpRequest, customer_id: str, scheme: str) -> Status[None]:
    """Let the numbers decide again, from the next refresh on; with `If-Match` only of the version it names."""
    who: dict[str, Any] = {"actor": bearer(request).person, "at": timezone.now()}
    end_override(customer_id=customer_id, scheme=scheme, unchanged=partial(ensure_match, request), **who)
    return Status(204, None)
