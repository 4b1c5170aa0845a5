"""Customers by the API: tiers, explanations, history and overrides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from tests.server.api.conftest import MakeProgram, Program
from tests.server.conftest import PUBLISHED

from custrata.analytics.moments import AsOf
from custrata.apps.audit.models import Change
from custrata.apps.customers.models import Customer
from custrata.apps.tiers.models import Override
from custrata.lake import Workspace
from custrata.pipeline.reading import history_of, reading
from custrata.tiering import explain, explained_by
from custrata.wording.writer import Writer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("served")]
OVERRIDE = "/customers/c007/tiers/value/override"


@pytest.fixture
def program(make_program: MakeProgram) -> Program:
    Customer.objects.create(customer_id="c007", name="Seven", mark="0")
    return make_program()


def test_a_customer_is_in_one_tier_of_every_scheme(program: Program) -> None:
    body = program.get("/customers/c001/tiers").json()
    assert {tier["scheme"] for tier in body["tiers"]} == set(PUBLISHED)
    assert {tier["scheme"]: tier["value"] for tier in body["tiers"]}["value"] == "5187.72"


@pytest.mark.parametrize("what", ["tiers", "explanations", "history"])
@pytest.mark.parametrize("customer", ["nobody", "a/b"])
def test_an_unknown_customer_is_not_found(program: Program, what: str, customer: str) -> None:
    answer = program.get(f"/customers/{customer}/{what}")
    assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchCustomer")


def test_an_address_with_nul_is_refused(program: Program) -> None:
    answer = program.get("/customers/%00/tiers")
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")


def test_an_explanation_says_what_decided_and_what_the_next_tier_takes(program: Program) -> None:
    (explanation,) = program.get("/customers/c007/explanations", scheme="value").json()["explanations"]
    assert (explanation["tier"], explanation["next_tier"], explanation["missing"]) == ("low", "mid", "343.64")
    assert explanation["inputs"] == [{"trait": "spend", "value": "0.00"}]
    assert any("CN¥343.64 more" in sentence for sentence in explanation["sentences"])


def test_an_explanation_comes_short_and_in_the_language_asked_for(program: Program) -> None:
    full, short = (
        program.get("/customers/c007/explanations", scheme="value", language="zh-hans", form=form).json()
        for form in ("full", "short")
    )
    sentences = [body["explanations"][0]["sentences"] for body in (full, short)]
    assert len(sentences[1]) < len(sentences[0])
    assert "低价值" in sentences[1][0]


def test_the_history_is_what_the_runs_tell(program: Program, served: Workspace) -> None:
    intervals = program.get("/customers/c004/history", scheme="frequency,rfm").json()["intervals"]
    expected = history_of(served, "c004", ["frequency", "rfm"])
    assert [(interval["scheme"], interval["tier"], interval["run"]) for interval in intervals] == [
        (interval.scheme, interval.tier, interval.run) for interval in expected
    ]
    assert len(intervals) > 2


def test_a_tier_by_hand_is_kept_with_its_reason_and_audited(program: Program) -> None:
    until = (timezone.now() + timedelta(days=30)).isoformat()
    answer = program.post(OVERRIDE, tier="high", reason="Founding member", until=until)
    assert (answer.status_code, answer.json()["approved_by"]) == (200, "administrator")
    override = Override.objects.get()
    assert (override.customer_id, override.tier, override.reason) == ("c007", "high", "Founding member")
    assert Change.objects.get(action="tiers.override").customer_id == "c007"


def test_a_tier_by_hand_is_taken_back_once(program: Program) -> None:
    program.post(OVERRIDE, tier="high", reason="Founding member")
    answers = [program.delete(OVERRIDE) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 409]
    assert not Override.objects.exists()


@pytest.mark.parametrize(
    ("address", "body", "status", "code"),
    [
        (OVERRIDE, {"tier": "gold", "reason": "why"}, 404, "NoSuchTier"),
        (OVERRIDE.replace("c007", "c008"), {"tier": "high", "reason": "why"}, 404, "NoSuchCustomer"),
        (OVERRIDE, {"tier": "high", "reason": " "}, 422, "OverrideNeedsReason"),
        (OVERRIDE, {"tier": "high", "reason": "why", "until": "2020-01-01T00:00:00Z"}, 422, "OverrideEndsBefore"),
        (OVERRIDE, {"tier": "high", "reason": "why", "until": "2030-01-01T00:00:00"}, 422, "InvalidRequest"),
        (OVERRIDE, {"tier": "high"}, 422, "InvalidRequest"),
    ],
)
def test_what_cannot_be_done_by_hand_is_refused_by_name(
    program: Program, address: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = program.post(address, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Override.objects.exists()


def test_an_explanation_reads_few_columns_and_says_the_same_as_from_all_of_them(served: Workspace) -> None:
    profile = reading(served)
    assert profile is not None
    writer, as_of = Writer("en", "CNY", "Asia/Shanghai", "tiers"), AsOf(profile.run.as_of, "Asia/Shanghai")
    for key in PUBLISHED:
        outcome = profile.run.record["schemes"][key]
        columns = explained_by(key, outcome, profile.columns)
        for customer in ("c001", "c007", "c100"):
            rows = (profile.customer(customer, columns), profile.customer(customer))
            few, all_of_it = (explain(key, row or {}, outcome, writer, as_of=as_of) for row in rows)
            assert few == all_of_it
