"""Tags, tiers, and how long a customer has been in one."""

from __future__ import annotations

import pyarrow as pa
import pytest

from custrata.criteria import UngradedScheme
from custrata.engine import DuckEngine, Engine
from tests.criteria.evaluation import INSTANT, instants, matches, people, scope_of

TAGS = (pa.string(), ["red_list", "new, red_list", "red_list_old, vip", "a, red_list, z", None])
TIER = (pa.string(), ["at_risk", "churned", "at_risk", "new", None])
# The 30 days are over for whoever came in on 31 December, 16:00 UTC or before.
SINCE = (INSTANT, instants("2024-12-31T16:00:00Z", "2024-12-31T16:00:01Z", None, "2024-01-01T00:00Z", None))
PROFILE = people({"tags": TAGS, "lifecycle_tier": TIER, "lifecycle_since": SINCE})
SILENT = {"scheme": "lifecycle", "tier": ["at_risk", "churned"]}


def test_a_tag_is_one_of_the_names_and_not_a_part_of_one(engine: Engine) -> None:
    assert matches(engine, scope_of(engine, PROFILE), {"tag": "red_list"}) == "013"
    assert matches(engine, scope_of(engine, PROFILE), {"not": {"tag": "red_list"}}) == "24"


def test_nobody_has_a_tag_where_there_are_none(duck: DuckEngine) -> None:
    scope = scope_of(duck, PROFILE.drop_columns(["tags"]))
    assert matches(duck, scope, {"tag": "red_list"}) == ""
    assert matches(duck, scope, {"not": {"tag": "red_list"}}) == "01234"


def test_a_tier_is_one_of_those_asked_for(engine: Engine) -> None:
    assert matches(engine, scope_of(engine, PROFILE), SILENT) == "012"
    assert matches(engine, scope_of(engine, PROFILE), {"not": SILENT}) == "34"
    assert matches(engine, scope_of(engine, PROFILE), {"scheme": "lifecycle", "tier": "new"}) == "3"


def test_a_tier_may_have_to_have_lasted(engine: Engine) -> None:
    assert matches(engine, scope_of(engine, PROFILE), {**SILENT, "for_days": 30}) == "0"
    assert matches(engine, scope_of(engine, PROFILE), {**SILENT, "for_days": 29}) == "01"


def test_nobody_has_been_in_a_tier_since_an_unknown_day(duck: DuckEngine) -> None:
    scope = scope_of(duck, PROFILE.drop_columns(["lifecycle_since"]))
    assert matches(duck, scope, {**SILENT, "for_days": 0}) == ""


def test_a_scheme_must_have_graded(duck: DuckEngine) -> None:
    with pytest.raises(UngradedScheme, match=r"^not.scheme: .*“lifecicle”. The nearest names are lifecycle\."):
        matches(duck, scope_of(duck, PROFILE), {"not": {"scheme": "lifecicle", "tier": "new"}})
