"""The explanation of a customer's tiers, a tab of the customer page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from custrata.apps.customers.queries.portrait import explanations
from custrata.apps.tiers.rights import OVERRIDE_TIERS
from custrata.pipeline.reading import Reading
from custrata.web.rights import may
from custrata.web.texts import writer


def why_tab(
    request: HttpRequest, reading: Reading | None, row: Mapping[str, Any] | None, customer_id: str
) -> dict[str, Any]:
    """The explanation of each tier, and whether the person may override tiers."""
    if reading is None or row is None:
        return {"explanations": []}
    return {
        "explanations": list(explanations(reading, row, writer("tiers"))),
        "may_override": may(request.user, OVERRIDE_TIERS),
        "customer_id": customer_id,
    }
