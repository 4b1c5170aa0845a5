"""The fields of a cut in the form: minimum per tier, minimum of customers, and customers without an order."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict

from custrata.apps.schemes.forms.definitions import parse_definition
from custrata.tiering import define

CUT = {
    "key": "often",
    "kind": "quantile",
    "trait": "orders",
    "tiers": [{"key": "high", "share": "20%"}, {"key": "low"}],
}


def test_what_a_cut_asks_for_is_read_and_written_back() -> None:
    data = parse_definition(CUT, QueryDict("has=measure&at_least=2&least_customers=30&without_order=low"))
    settings = define(data).settings
    assert (settings["at_least"], settings["least_customers"], settings["without_order"]) == (2, 30, "low")
    assert define(define(data).data()) == define(data)


def test_what_is_left_empty_is_left_out() -> None:
    definition = {**CUT, "at_least": 2, "least_customers": 30, "without_order": "low"}
    assert parse_definition(definition, QueryDict("has=measure&at_least=&least_customers=&without_order=")) == CUT


@pytest.mark.parametrize(("chosen", "expected"), [("mean", {}), ("median", {"reference": "median"})])
def test_the_groups_of_rfm_part_at_what_is_chosen(chosen: str, expected: dict[str, Any]) -> None:
    rfm = {"key": "rfm_own", "kind": "rfm"}
    assert parse_definition(rfm, QueryDict(f"has=measure&reference={chosen}")) == {**rfm, **expected}
