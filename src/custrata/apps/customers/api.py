"""REST API of customers: tiers, explanations, history and erasures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema
from ninja.responses import Status

from custrata.apps.customers.actions import NoSuchCustomer, lift_erasure, start_erasure
from custrata.apps.customers.queries.erasures import erasures
from custrata.apps.customers.rights import READ_CUSTOMERS, WRITE_ERASURES
from custrata.pipeline.reading import GradedScheme, Reading, history_of, reading
from custrata.tiering import Explanation, explain, explained_by
from custrata.web.bearers import BearerToken, bearer
from custrata.web.problems import answers, exact
from custrata.web.workspace import workspace
from custrata.wording.writer import Writer

router = Router(tags=["customers"])
READ = BearerToken(READ_CUSTOMERS)
ERASE = BearerToken(WRITE_ERASURES)
CUSTOMER = "/customers/{path:customer_id}"
PARTS = ("tier", "since", "before", "status", "reason", "until")


class CustomerTierOut(Schema):
    """A customer's tier in one scheme; `status` is set for tiers with a lifecycle or an override."""

    scheme: str
    version: int
    tier: str
    value: str | None
    since: datetime | None
    before: str | None
    status: str | None
    reason: str | None
    until: datetime | None


class CustomerTiersOut(Schema):
    """A customer's tiers in the published run."""

    customer_id: str
    run: str
    as_of: datetime
    tiers: list[CustomerTierOut]


class InputOut(Schema):
    """An input of the decision, and its value."""

    trait: str
    value: str | None


class ExplanationOut(Schema):
    """Why a customer is in a tier: what decided, what the next tier takes, and the same in sentences."""

    scheme: str
    tier: str
    since: datetime | None
    status: str | None
    until: datetime | None
    value: str | None
    inputs: list[InputOut]
    points: dict[str, Decimal]
    next_tier: str | None
    missing: str | None
    sentences: list[str]


class ExplanationsOut(Schema):
    """A customer's tiers explained, as the published run decided them."""

    customer_id: str
    run: str
    as_of: datetime
    language: str
    explanations: list[ExplanationOut]


class IntervalOut(Schema):
    """A customer in a tier from an instant until another, or still.

    `ended_by` says why it ended where no other tier followed: `no_facts` or `not_graded`.
    """

    scheme: str
    version: int
    tier: str
    status: str
    valid_from: datetime
    valid_until: datetime | None
    value: Decimal | None
    reason: str | None
    until: datetime | None
    late: bool
    run: str
    ended_by: str | None


class HistoryOut(Schema):
    """A customer's history, by scheme, the newest first."""

    customer_id: str
    intervals: list[IntervalOut]


class OfSchemes(Schema):
    """Restricts a request to schemes."""

    scheme: str = Field("", max_length=2000, description="Keys of schemes, with commas between; none for all.")

    @property
    def keys(self) -> list[str]:
        """The requested keys."""
        return [key.strip() for key in self.scheme.split(",") if key.strip()]


class ExplanationQuery(OfSchemes):
    """The schemes, the language, and the form: full for staff, short for customers."""

    language: str = Field("en", pattern="^(zh-hans|zh-hant|en)$")
    form: str = Field("full", pattern="^(full|short)$")


@router.get(f"{CUSTOMER}/tiers", auth=READ, response=answers(CustomerTiersOut, 404), url_name="tiers")
def customer_tiers(request: HttpRequest, customer_id: str) -> dict[str, Any]:
    """The customer's tier in every scheme of the published run."""
    published = _published(customer_id)
    schemes = published.run.schemes
    columns = [f"{key}_{part}" for key in schemes for part in (*PARTS, "value")]
    row = _row(published, customer_id, columns)
    tiers = [_tier(row, graded) for key, graded in schemes.items() if row.get(f"{key}_tier")]
    return {"customer_id": customer_id, "run": published.run.id, "as_of": published.run.as_of, "tiers": tiers}


def _tier(row: dict[str, Any], graded: GradedScheme) -> dict[str, Any]:
    key = graded.key
    parts = {part: row.get(f"{key}_{part}") for part in PARTS}
    return {"scheme": key, "version": graded.version, "value": exact(row.get(f"{key}_value")), **parts}


@router.get(f"{CUSTOMER}/explanations", auth=READ, response=answers(ExplanationsOut, 404), url_name="explanations")
def customer_explanations(request: HttpRequest, customer_id: str, options: Query[ExplanationQuery]) -> dict[str, Any]:
    """Why the customer is in these tiers, and what the next tier takes."""
    published = _published(customer_id)
    schemes = {
        key: graded.record for key, graded in published.run.schemes.items() if not options.keys or key in options.keys
    }
    columns = [name for key, record in schemes.items() for name in explained_by(key, record, published.columns)]
    row = _row(published, customer_id, columns)
    settings = workspace().settings
    writer = Writer(options.language, settings.currency, settings.timezone, "tiers")
    as_of = published.run.moment
    explained = [
        explain(key, row, record, writer, as_of=as_of) for key, record in schemes.items() if row.get(f"{key}_tier")
    ]
    explanations = [
        _explanation(explanation, explanation.sentences if options.form == "full" else explanation.short)
        for explanation in explained
    ]
    facts = {"run": published.run.id, "as_of": published.run.as_of, "language": options.language}
    return {"customer_id": customer_id, "explanations": explanations, **facts}


def _explanation(explanation: Explanation, sentences: Sequence[str]) -> dict[str, Any]:
    facts = {
        name: getattr(explanation, name)
        for name in ("scheme", "tier", "since", "status", "until", "points", "next_tier")
    }
    inputs = [{"trait": trait, "value": exact(value)} for trait, value in explanation.inputs]
    numbers = {"value": exact(explanation.value), "missing": exact(explanation.missing)}
    return {**facts, **numbers, "inputs": inputs, "sentences": sentences}


@router.get(f"{CUSTOMER}/history", auth=READ, response=answers(HistoryOut, 404), url_name="history")
def customer_history(request: HttpRequest, customer_id: str, options: Query[OfSchemes]) -> dict[str, Any]:
    """In which tiers the customer was, from when until when, over all runs."""
    intervals = history_of(workspace(), customer_id, options.keys or None)
    if not intervals:
        _row(_published(customer_id), customer_id, ["customer_id"])
    return {"customer_id": customer_id, "intervals": [vars(interval) for interval in intervals]}


def _published(customer_id: str) -> Reading:
    """The published run. Raises `NoSuchCustomer` if there is none."""
    published = reading(workspace())
    if published is None:
        raise NoSuchCustomer(customer=customer_id)
    return published


def _row(published: Reading, customer_id: str, columns: Sequence[str]) -> dict[str, Any]:
    """These columns of the customer's profile, as far as the run has them. Raises `NoSuchCustomer`."""
    present = [name for name in columns if name in published.columns]
    row = published.customer(customer_id, present or ["customer_id"])
    if row is None:
        raise NoSuchCustomer(customer=customer_id)
    return row


class ErasureOut(Schema):
    """One erasure: a hash in place of the customer, what was removed by place, and whether it was lifted."""

    erasure: str
    at: datetime
    by: str
    removed: dict[str, int]
    under_way: bool
    lifted_at: datetime | None
    lifted_by: str
    reason: str


class ErasuresOut(Schema):
    """Every erasure, the newest first."""

    erasures: list[ErasureOut]


class EraseIn(Schema):
    """Whom to erase: the customer id, in any spelling that imports read as the same."""

    customer_id: str = Field(min_length=1, max_length=255, pattern=r"^[^\x00]*$")


class ErasingOut(Schema):
    """A started erasure: the number of rows by place, and the job that removes them."""

    erasure: str
    removed: dict[str, int]
    job: int


class LiftIn(Schema):
    """Why rows of the customer are accepted again."""

    reason: str = Field(min_length=1, max_length=500)


@router.get("/erasures", auth=ERASE, response=answers(ErasuresOut), url_name="erasures")
def list_erasures(request: HttpRequest) -> dict[str, Any]:
    """Every erasure. The list does not identify the customers."""
    return {"erasures": [vars(erasure) for erasure in erasures(workspace())]}


@router.post("/erasures", auth=ERASE, response=answers(ErasingOut, 404, 409, status=202))
def erase_customer(request: HttpRequest, payload: EraseIn) -> Status[dict[str, Any]]:
    """Erase a customer for good from facts, runs, quarantine and database, and refuse their rows from now on.

    The erasure is recorded on disk before the response, and completes even if the server stops.
    """
    person = bearer(request).person
    started = start_erasure(workspace(), customer_id=payload.customer_id, actor=person, at=timezone.now())
    return Status(202, {"erasure": started.erasure, "removed": started.removed, "job": started.job.pk})


@router.post("/erasures/{erasure}/lift", auth=ERASE, response=answers(ErasureOut, 409))
def lift_one_erasure(request: HttpRequest, erasure: str, payload: LiftIn) -> dict[str, Any]:
    """Accept rows of the customer again. Erased data is not restored."""
    person = bearer(request).person
    lifted = lift_erasure(workspace(), erasure=erasure, reason=payload.reason, actor=person, at=timezone.now())
    return vars(next(listed for listed in erasures(workspace()) if listed.erasure == lifted.name))
