"""Placeholder customers, as tills and shops write them for unknown buyers."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.functions import list_position
from custrata.ingest.headers import simplified
from custrata.ingest.plan import Plan, Views
from custrata.ingest.questions import Dialog, Question
from custrata.ingest.staging import PROBLEMS, Staged

LONGEST = 24
ALIKE = r"^([1-9])[1-9]{6,}$"
MAX_EXAMPLES = 5


@lru_cache(maxsize=1)
def _data() -> tuple[frozenset[str], re.Pattern[str]]:
    data = tomllib.loads((resources.files(__package__) / "placeholders.toml").read_text("utf-8"))
    return frozenset(data["words"]), re.compile(data["figures"])


def is_placeholder(customer: str) -> bool:
    """Whether an id is a placeholder.

    >>> [is_placeholder(customer) for customer in ("Walk-in Customer", "散客", "0000000000", "M1", "100000")]
    [True, True, True, False, False]
    """
    words, figures = _data()
    text = unicodedata.normalize("NFKC", customer).lower()
    bare = simplified("".join(letter for letter in text if letter.isalnum()))
    return not bare or bare in words or figures.match(bare) is not None


def without_placeholders(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """The rows with placeholder customers set to null, or to the e-mail or phone of the row where it has one."""
    if not plan.has("customer_id"):
        return staged
    placeholders = _count_placeholders(views, staged.rows)
    if not placeholders:
        return staged
    examples = ", ".join(list(placeholders)[:MAX_EXAMPLES])
    question = Question("placeholder_customers", ("anonymous", "keep"), "anonymous", {"example": examples})
    if dialog.ask(question, evident=True) == "keep":
        return staged
    rows = staged.rows
    nobody = (list_position(list(placeholders), rows.customer_id) > 0).fill_null(False)
    contacts = [rows[name] for name in ("email", "phone") if plan.has(name)]
    contact = ibis.coalesce(*contacts) if contacts else ibis.null("string")
    customer = nobody.ifelse(contact, rows.customer_id)
    by_contact = 0
    if contacts:
        counts = rows.filter(nobody & (rows[PROBLEMS] == 0)).aggregate(n=contact.count())
        by_contact = int(views.engine.arrow(counts).to_pylist()[0]["n"])
    total = sum(placeholders.values())
    dialog.tell("placeholders_by_contact", by_contact, examples)
    dialog.tell("placeholders", total - by_contact, examples)
    return replace(staged, rows=views.create(rows.mutate(customer_id=customer)))


def _count_placeholders(views: Views, rows: ir.Table) -> dict[str, int]:
    """The placeholders among the customers and their rows, the commonest first."""
    sound = rows.filter((rows[PROBLEMS] == 0) & rows.customer_id.notnull())
    # Searched among the distinct customers, which are fewer than the rows.
    people = sound.group_by("customer_id").agg(rows=ibis._.count())
    customer = cast(ir.StringValue, people.customer_id)
    groups = people.filter((customer.length() <= LONGEST) & (~customer.re_search("[1-9]") | customer.re_search(ALIKE)))
    counts = {row["customer_id"]: row["rows"] for row in views.engine.arrow(groups).to_pylist()}
    placeholders = {customer: count for customer, count in counts.items() if is_placeholder(customer)}
    if "0" in placeholders and _numbered_from_zero(views, rows):
        del placeholders["0"]
    return dict(sorted(placeholders.items(), key=lambda entry: (-entry[1], entry[0])))


def _numbered_from_zero(views: Views, rows: ir.Table) -> bool:
    """Whether the customers are numbered 0, 1, 2 … without great gaps: then 0 is one of them."""
    number = rows.customer_id.try_cast("int64")
    aggregates = rows.aggregate(
        customers=rows.customer_id.nunique(), numbers=number.nunique(), highest=number.max(), lowest=number.min()
    )
    row = views.engine.arrow(aggregates).to_pylist()[0]
    dense = row["lowest"] == 0 and row["highest"] < 2 * row["customers"]
    return bool(row["customers"] >= MAX_EXAMPLES and row["customers"] == row["numbers"] and dense)
