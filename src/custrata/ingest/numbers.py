"""Order and customer numbers: detect their column, and numbers that a spreadsheet rounded."""

from __future__ import annotations

import re
from dataclasses import replace

import ibis

from custrata.ingest.dates import looks_like_date
from custrata.ingest.fields import PROPERTY
from custrata.ingest.mapping import Mapping
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Dialog, Question
from custrata.ingest.recognise import DECIMAL_LIKE
from custrata.ingest.sample import Sample
from custrata.ingest.staging import PROBLEMS, Staged

LONGEST = 40
# 1.23457E+15, and sixteen figures or more of which a spreadsheet keeps fifteen.
SCIENTIFIC = r"^[0-9](\.[0-9]+)?[eE]\+?[0-9]+$"
ROUNDED = r"^[1-9][0-9]{14}0+$"
SPOILT = re.compile(f"{SCIENTIFIC}|{ROUNDED}")
FEW = 3


def with_number_column(mapping: Mapping, sample: Sample, dialog: Dialog) -> Mapping:
    """The mapping with a column confirmed by an answer as the order number, though its header does not name it."""
    if mapping.kind != "orders" or "order_id" in mapping.fields or "order_id" in mapping.constants:
        return mapping
    candidates = tuple(header for header in mapping.properties if _could_be(sample, header))
    if not candidates:
        return mapping
    facts = {"headers": ", ".join(candidates), "example": sample.columns[candidates[0]][0]}
    choice = dialog.ask(Question("order_number", (*candidates, "none"), candidates[0], facts))
    if choice == "none":
        return mapping
    dialog.tell("order_number", sample.rows, facts["example"], header=choice)
    return replace(mapping, columns=mapping.columns | {choice: "order_id"})


def _could_be(sample: Sample, header: str) -> bool:
    values = sample.columns[header]
    if len(values) < max(2, sample.rows) or len(set(values)) < len(values):
        return False
    return all(
        len(value) <= LONGEST
        and any(map(str.isdigit, value))
        and " " not in value
        and not looks_like_date(value)
        and not DECIMAL_LIKE.match(value)
        for value in values[:1000]
    )


def without_spoilt_numbers(mapping: Mapping, sample: Sample, dialog: Dialog) -> Mapping:
    """The mapping without an order number column that a spreadsheet rounded, unless it is to be used as written."""
    header = mapping.fields.get("order_id")
    if header is None or mapping.kind not in ("orders", "lines"):
        return mapping
    count, example = _spoilt(sample.columns[header])
    if not count:
        return mapping
    able = {"customer_id", "ordered_at"} <= set(mapping.fields)
    choices = ("content", "as_written") if able else ("as_written",)
    facts = {"header": header, "rows": count, "example": example}
    choice = dialog.ask(Question("spoilt_order_numbers", choices, choices[0], facts))
    dialog.tell(f"spoilt_order_numbers_{choice}", count, example, header=header)
    if choice == "as_written":
        return mapping
    return replace(mapping, columns=mapping.columns | {header: PROPERTY})


def _spoilt(values: list[str]) -> tuple[int, str]:
    """How many numbers are in scientific notation or rounded to fifteen digits, and one of them."""
    scientific = [value for value in values if re.match(SCIENTIFIC, value)]
    long = [value for value in values if len(value) >= 16 and value.isdigit()]
    rounded = [value for value in long if re.match(ROUNDED, value)]
    if len(rounded) < min(FEW, len(values)) or len(rounded) * 2 < len(long):
        rounded = []  # some numbers end in zeros
    spoilt = scientific + rounded
    return len(spoilt), spoilt[0] if spoilt else ""


def without_spoilt_customers(views: Views, staged: Staged, plan: Plan, sample: Sample, dialog: Dialog) -> Staged:
    """The rows whose customer is a number that a spreadsheet has rounded: nobody, unless it is to be taken as it
    stands."""
    header = plan.mapping.fields.get("customer_id")
    if header is None or plan.kind.name not in ("orders", "lines"):
        return staged
    count, example = _spoilt(sample.columns[header])
    if not count:
        return staged
    facts = {"header": header, "rows": count, "example": example}
    choice = dialog.ask(Question("spoilt_customers", ("anonymous", "as_written"), "anonymous", facts))
    dialog.tell(f"spoilt_customers_{choice}", count, example, header=header)
    if choice == "as_written":
        return staged
    rows = staged.rows
    spoilt = (rows[PROBLEMS] == 0) & rows.customer_id.re_search(SPOILT.pattern).fill_null(False)
    customer = spoilt.ifelse(ibis.null("string"), rows.customer_id)
    return replace(staged, rows=views.create(rows.mutate(customer_id=customer)))
