"""Tags and owners, on one customer or on many; notes."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from tests.server.conftest import AT
from tests.server.customers.conftest import audit_changes, timeline_entries

from custrata.apps.accounts.models import User
from custrata.apps.customers.actions import (
    EmptyNote,
    NameTaken,
    NoSuchCustomer,
    NoSuchGroup,
    NoSuchNote,
    NoSuchOwner,
    NoSuchTag,
    NoteTooLong,
    NotYourNote,
    UnusableName,
    assign_owner,
    make_tag,
    make_tag_group,
    remove_note,
    remove_tag,
    tag_customers,
    untag_customers,
    write_note,
)
from custrata.apps.customers.models import Customer, CustomerTag, Note, Tag, TagGroup

pytestmark = pytest.mark.usefixtures("followed")


@pytest.fixture
def vip(anna: User) -> Tag:
    return make_tag(name="vip", actor=anna, at=AT)


@pytest.fixture
def levels(anna: User) -> list[Tag]:
    """Two tags of an exclusive group."""
    group = make_tag_group(name="level", exclusive=True, actor=anna, at=AT)
    return [make_tag(name=name, group_id=group.pk, actor=anna, at=AT) for name in ("gold", "silver")]


def tags(customer_id: str) -> list[str]:
    return list(CustomerTag.objects.filter(customer_id=customer_id).values_list("tag__name", flat=True))


def test_tags_many_at_once_and_writes_it_down(anna: User, vip: Tag) -> None:
    done = tag_customers(customer_ids=["c001", "c002", "nobody"], tag_id=vip.pk, actor=anna, at=AT, selection="rfm=5-5")
    assert (done.changed, done.requested) == (2, 3)
    assert (tags("c001"), tags("c002"), tags("c003")) == (["vip"], ["vip"], [])
    assert timeline_entries("c001") == timeline_entries("c002") == [("tag", {"tag": "vip"})]
    (change,) = audit_changes("tag")
    assert (change.after, change.customer_id) == ({"tag": "vip", "customers": 2, "chosen": "rfm=5-5"}, None)


def test_the_same_tag_again_changes_nothing(anna: User, vip: Tag) -> None:
    tag_customers(customer_ids=["c001"], tag_id=vip.pk, actor=anna, at=AT)
    assert tag_customers(customer_ids=["c001", "c001"], tag_id=vip.pk, actor=anna, at=AT).changed == 0
    assert len(timeline_entries("c001")) == 1
    assert [change.customer_id for change in audit_changes("tag")] == ["c001"]


def test_of_an_exclusive_group_a_customer_has_one(anna: User, levels: list[Tag]) -> None:
    for level in levels:
        tag_customers(customer_ids=["c001"], tag_id=level.pk, actor=anna, at=AT)
    assert tags("c001") == ["silver"]


def test_the_database_keeps_groups_exclusive(anna: User, levels: list[Tag]) -> None:
    gold, silver = levels
    tag_customers(customer_ids=["c001"], tag_id=gold.pk, actor=anna, at=AT)
    with pytest.raises(IntegrityError, match=r"customers_customertag|exclusive_group"), transaction.atomic():
        CustomerTag.objects.create(customer_id="c001", tag=silver, exclusive_group_id=gold.group_id, at=AT)


def test_takes_tags_off(anna: User, vip: Tag) -> None:
    tag_customers(customer_ids=["c001", "c002"], tag_id=vip.pk, actor=anna, at=AT)
    assert untag_customers(customer_ids=["c001", "c003"], tag_id=vip.pk, actor=anna, at=AT).changed == 1
    assert (tags("c001"), tags("c002")) == ([], ["vip"])
    assert [kind for kind, _ in timeline_entries("c001")] == ["tag", "untag"]
    assert timeline_entries("c003") == []


def test_a_removed_tag_leaves_everybody(anna: User, vip: Tag) -> None:
    tag_customers(customer_ids=["c001", "c002"], tag_id=vip.pk, actor=anna, at=AT)
    assert remove_tag(tag_id=vip.pk, actor=anna, at=AT) == 2
    assert not Tag.objects.exists()
    assert timeline_entries("c001")[-1] == ("untag", {"tag": "vip"})
    with pytest.raises(NoSuchTag):
        remove_tag(tag_id=vip.pk, actor=anna, at=AT)


@pytest.mark.parametrize("name", ["", "  ", "a, b", "x" * 61])
def test_refuses_names_that_are_none(anna: User, name: str) -> None:
    with pytest.raises(UnusableName):
        make_tag(name=name, actor=anna, at=AT)
    with pytest.raises(UnusableName):
        make_tag_group(name=name, exclusive=False, actor=anna, at=AT)
    assert not Tag.objects.exists()
    assert not TagGroup.objects.exists()


def test_refuses_a_name_twice_whatever_its_case(anna: User, vip: Tag) -> None:
    with pytest.raises(NameTaken, match="VIP"):
        make_tag(name="VIP", actor=anna, at=AT)
    assert len(audit_changes("make_tag")) == 1


def test_refuses_tags_and_groups_that_are_not_there(anna: User) -> None:
    with pytest.raises(NoSuchTag):
        tag_customers(customer_ids=["c001"], tag_id=9, actor=anna, at=AT)
    with pytest.raises(NoSuchGroup):
        make_tag(name="vip", group_id=9, actor=anna, at=AT)
    assert timeline_entries("c001") == []


def test_assigns_many_to_an_owner(anna: User) -> None:
    done = assign_owner(
        customer_ids=["c001", "c002", "nobody"], owner_id=anna.pk, actor=anna, at=AT, selection="rfm=5-5"
    )
    assert (done.changed, done.requested) == (2, 3)
    assert Customer.objects.filter(owner=anna).count() == 2
    assert timeline_entries("c002") == [("own", {"owner": "operator"})]
    assert audit_changes("own")[0].after == {"owner": "operator", "customers": 2, "chosen": "rfm=5-5"}


def test_assigning_again_changes_nothing_and_nobody_takes_it_away(anna: User) -> None:
    for owner in (anna.pk, anna.pk, None, None):
        assign_owner(customer_ids=["c001"], owner_id=owner, actor=anna, at=AT)
    assert [facts["owner"] for _, facts in timeline_entries("c001")] == ["operator", None]
    assert [change.before for change in audit_changes("own")] == [{"owner": None}, {"owner": "operator"}]


def test_refuses_owners_who_have_left(anna: User) -> None:
    User.objects.filter(pk=anna.pk).update(is_active=False)
    with pytest.raises(NoSuchOwner):
        assign_owner(customer_ids=["c001"], owner_id=anna.pk, actor=anna, at=AT)
    assert timeline_entries("c001") == []


def test_a_note_is_written_and_removed(anna: User) -> None:
    note = write_note(customer_id="c001", text="  Calls on Mondays\n", actor=anna, at=AT)
    assert note.text == "Calls on Mondays"
    remove_note(customer_id="c001", note_id=note.pk, anybodys=False, actor=anna, at=AT)
    assert not Note.objects.exists()
    assert [kind for kind, _ in timeline_entries("c001")] == ["write_note", "remove_note"]
    assert audit_changes("remove_note")[0].before == {"text": "Calls on Mondays"}


def test_refuses_empty_endless_and_lost_notes(anna: User) -> None:
    with pytest.raises(EmptyNote):
        write_note(customer_id="c001", text=" \n ", actor=anna, at=AT)
    with pytest.raises(NoteTooLong):
        write_note(customer_id="c001", text="x" * 10_001, actor=anna, at=AT)
    with pytest.raises(NoSuchCustomer):
        write_note(customer_id="nobody", text="x", actor=anna, at=AT)
    assert not Note.objects.exists()
    assert timeline_entries("c001") == []


def test_a_note_of_somebody_else_stays_unless_one_may_remove_anybodys(anna: User) -> None:
    note = write_note(customer_id="c001", text="Mine", actor=None, at=AT)
    with pytest.raises(NotYourNote):
        remove_note(customer_id="c001", note_id=note.pk, anybodys=False, actor=anna, at=AT)
    with pytest.raises(NoSuchNote):
        remove_note(customer_id="c002", note_id=note.pk, anybodys=True, actor=anna, at=AT)
    remove_note(customer_id="c001", note_id=note.pk, anybodys=True, actor=anna, at=AT)
    assert not Note.objects.exists()
