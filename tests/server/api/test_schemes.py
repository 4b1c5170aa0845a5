"""Schemes by the API: reading, simulation, publishing, rollback."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from tests.server.api.conftest import MakeProgram, Program
from tests.server.conftest import PUBLISHED

from custrata.apps.audit.models import Change
from custrata.apps.tiers.queries.refreshes import refresh_under_way
from custrata.lake import Workspace
from custrata.pipeline.reading import reading
from custrata.tiering import SchemeLibrary

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
HALVES: dict[str, Any] = {
    "key": "value",
    "kind": "pareto",
    "trait": "spend",
    "tiers": [{"key": "high", "share": "50%"}, {"key": "mid", "share": "90%"}, {"key": "low", "cost": 2}],
}


@pytest.fixture
def program(make_program: MakeProgram) -> Program:
    return make_program()


def test_every_scheme_is_listed_with_the_tiers_of_the_published_run(program: Program) -> None:
    schemes = {scheme["key"]: scheme for scheme in program.get("/schemes").json()["schemes"]}
    assert {key for key, scheme in schemes.items() if not scheme["graded"]["waiting"]} == set(PUBLISHED)
    tiers = schemes["value"]["graded"]["tiers"]
    assert sum(tier["customers"] for tier in tiers) == 240
    assert tiers[0]["names"] == {"zh-hans": "高价值", "zh-hant": "高價值", "en": "High value"}
    assert isinstance(tiers[0]["revenue"], str)


def test_a_waiting_scheme_says_what_it_waits_for(program: Program) -> None:
    graded = program.get("/schemes/need").json()["graded"]
    assert (graded["waiting"], graded["tiers"]) == (True, [])
    assert all(note["text"] for note in graded["notes"])


def test_an_unknown_scheme_version_or_tier_is_not_found(program: Program) -> None:
    addresses = ["/schemes/nope", "/schemes/value/versions/9", "/schemes/..", "/schemes/value/tiers/nope/customers"]
    codes = [program.get(address).json()["code"] for address in addresses]
    assert codes == ["NoSuchScheme", "NoSuchVersion", "NoSuchScheme", "NoSuchTier"]


def test_the_customers_of_a_tier_come_page_by_page_each_once(program: Program, served: Workspace) -> None:
    customers, cursor = list[dict[str, Any]](), ""
    while cursor is not None:
        answer = program.get("/schemes/value/tiers/high/customers", fields="spend,orders", limit=25, cursor=cursor)
        customers += answer.json()["customers"]
        cursor = answer.json()["next"]
    profile = reading(served)
    assert profile is not None
    expected = profile.customers(columns=("value_tier", "spend"), limit=500)
    high = [(row["customer_id"], str(row["spend"])) for row in expected if row["value_tier"] == "high"]
    assert [(row["customer_id"], row["spend"]) for row in customers] == high


@pytest.mark.parametrize(
    ("query", "code"), [({"cursor": "made-up"}, "NotACursor"), ({"fields": "shoe"}, "NoSuchColumn")]
)
def test_a_made_up_cursor_or_column_is_refused(program: Program, query: dict[str, str], code: str) -> None:
    answer = program.get("/schemes/value/tiers/high/customers", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_cursor_of_another_list_is_refused(program: Program) -> None:
    cursor = program.get("/schemes/value/tiers/high/customers", limit=1).json()["next"]
    assert program.get("/schemes/value/tiers/low/customers", cursor=cursor).json()["code"] == "NotACursor"


def test_trying_out_tells_sizes_moves_costs_and_people_and_writes_nothing(program: Program, served: Workspace) -> None:
    simulation = program.post("/schemes/simulate", scheme=HALVES, language="zh-hans", movers=3).json()
    assert (simulation["scheme"], simulation["version"], simulation["customers"]) == ("value", 2, 240)
    assert Decimal(simulation["cost"]) == 2 * simulation["tiers"][2]["customers"]
    assert sum(move["customers"] for move in simulation["moves"]) == 240
    assert len(simulation["movers"]) == 3
    assert "净消费" in simulation["movers"][0]["reason"]
    assert SchemeLibrary(served).published()["value"].number == 1


def test_publishing_makes_a_version_and_says_so_in_the_audit(program: Program, own_workspace: Workspace) -> None:
    answer = program.post("/schemes", schemes=[HALVES], note="Half of it")
    (version,) = answer.json()["versions"]
    assert (version["number"], version["by"], version["note"], version["published"]) == (
        2,
        "administrator",
        "Half of it",
        True,
    )
    assert SchemeLibrary(own_workspace).published()["value"].number == 2
    written = Change.objects.get(action="tiers.apply")
    assert (written.actor_name, written.subject_id) == ("administrator", "value")
    assert [side["version"] for side in (written.before, written.after) if side] == [1, 2]


def test_publishing_the_same_again_does_nothing_more(program: Program, own_workspace: Workspace) -> None:
    first, second = (program.post("/schemes", schemes=[HALVES]).json() for _ in range(2))
    assert first == second
    assert Change.objects.filter(action="tiers.apply").count() == 1


def test_all_are_published_or_none(program: Program, own_workspace: Workspace) -> None:
    answer = program.post("/schemes", schemes=[HALVES, {**HALVES, "key": "shoes", "trait": "shoe_size"}])
    assert answer.status_code == 422
    assert SchemeLibrary(own_workspace).published()["value"].number == 1
    assert not Change.objects.filter(action="tiers.apply").exists()


def test_going_back_publishes_the_old_version_under_a_new_number(program: Program, own_workspace: Workspace) -> None:
    program.post("/schemes", schemes=[HALVES])
    restored = program.post("/schemes/value/rollback", version=1, note="Back").json()
    assert (restored["number"], restored["definition"]["tiers"][0]["share"]) == (3, "80%")
    versions = program.get("/schemes/value/versions").json()["versions"]
    assert [(version["number"], version["published"]) for version in versions] == [(3, True), (2, False), (1, False)]


def test_a_retired_scheme_says_so(program: Program, own_workspace: Workspace) -> None:
    SchemeLibrary(own_workspace).retire("usage_cycle")
    assert program.get("/schemes/usage_cycle").json()["published"] is False
    assert "usage_cycle" not in [scheme["key"] for scheme in program.get("/schemes").json()["schemes"]]


@pytest.mark.parametrize("address", ["/schemes", "/schemes/value", "/schemes/value/versions", "/runs"])
def test_reading_asks_the_database_for_the_token_alone(
    program: Program, address: str, django_assert_num_queries: Any
) -> None:
    program.get(address)
    with django_assert_num_queries(1):
        program.get(address)


def test_publishing_and_going_back_start_a_refresh(program: Program, own_workspace: Workspace) -> None:
    program.post("/schemes", schemes=[HALVES])
    assert refresh_under_way() is not None
    assert program.post("/schemes/value/rollback", version=1).status_code == 200


def test_going_back_to_what_is_published_is_refused(program: Program, own_workspace: Workspace) -> None:
    answer = program.post("/schemes/value/rollback", version=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "NothingToPublish")


@pytest.mark.parametrize("body", ["[", "GO", '{"note": NaN}', '{"note": "\\ud800"}', '{"note": "\\u0000"}', "[" * 9999])
def test_what_is_no_json_is_refused(program: Program, body: str) -> None:
    answer = program.send("/schemes", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")


def test_a_scheme_that_is_sent_twice_at_once_is_refused(program: Program) -> None:
    answer = program.post("/schemes", schemes=[HALVES, HALVES])
    assert (answer.status_code, answer.json()["code"]) == (422, "SentTwice")


def test_too_much_at_once_is_refused(program: Program) -> None:
    answer = program.send("/schemes", "x" * 3_000_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "RequestTooBig")
