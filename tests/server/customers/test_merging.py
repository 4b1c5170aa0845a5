"""Rows of one customer given to another: everything moves, and nothing stands twice."""

from __future__ import annotations

import pytest
from tests.server.conftest import AT

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import edit_attribute, make_tag, tag_customers, write_note
from custrata.apps.customers.actions.merging import move_rows
from custrata.apps.customers.models import CustomerTag, Edit, Note
from custrata.apps.customers.queries.personal import personal_data
from custrata.lake import Workspace

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_notes_and_the_timeline_go_to_the_customer_that_stays(followed: Workspace, anna: User) -> None:
    write_note(customer_id="c007", text="Calls on Mondays", actor=anna, at=AT)
    moved = move_rows(source="c007", target="c008")
    assert [note.text for note in Note.objects.filter(customer_id="c008")] == ["Calls on Mondays"]
    assert moved["customers_note"] == 1
    assert set(personal_data("c007")) <= {"customers_customer", "audit_change"}


def test_what_both_have_stands_once(followed: Workspace, anna: User) -> None:
    tag = make_tag(name="vip", actor=anna, at=AT)
    tag_customers(customer_ids=["c007", "c008"], tag_id=tag.pk, actor=anna, at=AT)
    assert "customers_customertag" not in move_rows(source="c007", target="c008")
    assert [row.customer_id for row in CustomerTag.objects.all()] == ["c008"]


def test_an_edit_of_the_customer_that_stays_is_kept(followed: Workspace, anna: User) -> None:
    for customer_id in ("c007", "c008"):
        edit_attribute(
            customer_id=customer_id, attribute="city", value=customer_id, source_value=None, actor=anna, at=AT
        )
    edit_attribute(customer_id="c007", attribute="company", value="Wang & Co", source_value=None, actor=anna, at=AT)
    move_rows(source="c007", target="c008")
    edits = Edit.objects.filter(customer_id="c008").values_list("attribute", "value")
    assert dict(edits) == {"city": "c008", "company": "Wang & Co"}
