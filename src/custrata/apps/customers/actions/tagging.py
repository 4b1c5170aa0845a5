"""Create tags, and tag one customer or all that match a filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.customers.actions.bulk import instant, record_on_timelines, run, staged
from custrata.apps.customers.models import Tag, TagGroup
from custrata.errors import BadInput, Refused

LONGEST = 60


class UnusableName(BadInput):
    template = "“{name}” cannot be used as a name. Use 1 to 60 characters, without a comma."


class NoSuchTag(BadInput):
    status = 404
    template = "There is no such tag. Look at the list again."


class NoSuchGroup(BadInput):
    status = 404
    template = "There is no such tag group. Look at the list again."


class NameTaken(Refused):
    template = "The name “{name}” is already in use. Choose another."


@dataclass(frozen=True)
class BulkResult:
    """The number of changed customers, and of requested ones."""

    changed: int
    requested: int


def _normalized_name(name: str) -> str:
    text = " ".join(name.split())
    if not text or len(text) > LONGEST or "," in text:
        raise UnusableName(name=text[:LONGEST])
    return text


@transaction.atomic
def make_tag(*, name: str, group_id: int | None = None, actor: User | None, at: datetime) -> Tag:
    """Create a tag. Raises `UnusableName`, `NameTaken`, `NoSuchGroup`."""
    normalized = _normalized_name(name)
    group = TagGroup.objects.filter(pk=group_id).first() if group_id is not None else None
    if group_id is not None and group is None:
        raise NoSuchGroup
    tag = Tag(name=normalized, group=group)
    _save(tag, normalized)
    after: dict[str, object] = {"name": normalized, "group": group.name if group else None}
    record(tag, "customers.make_tag", after=after, actor=actor, at=at)
    return tag


@transaction.atomic
def make_tag_group(*, name: str, exclusive: bool, actor: User | None, at: datetime) -> TagGroup:
    """Create a tag group; customers have at most one tag of an `exclusive` one. Raises `UnusableName`, `NameTaken`."""
    normalized = _normalized_name(name)
    group = TagGroup(name=normalized, exclusive=exclusive)
    _save(group, normalized)
    after = {"name": normalized, "exclusive": exclusive}
    record(group, "customers.make_tag_group", after=after, actor=actor, at=at)
    return group


@transaction.atomic
def remove_tag(*, tag_id: int, actor: User | None, at: datetime) -> int:
    """Delete a tag; return how many customers had it. Raises `NoSuchTag`."""
    tag = _locked_tag(tag_id)
    sql = "SELECT customer_id FROM customers_customertag WHERE tag_id = %s"
    _record_tagging(sql, [tag.pk], "untag", tag, actor=actor, at=at)
    many = run("DELETE FROM customers_customertag WHERE tag_id = %s", [tag.pk])
    record(tag, "customers.remove_tag", {"name": tag.name, "customers": many}, actor=actor, at=at)
    tag.delete()
    return many


@transaction.atomic
def tag_customers(
    *, customer_ids: Sequence[str], tag_id: int, actor: User | None, at: datetime, selection: str = ""
) -> BulkResult:
    """Tag customers, replacing a tag of the same exclusive group. Unknown ids are ignored.

    `selection` describes for the audit log how the customers were chosen. Raises `NoSuchTag`.
    """
    tag = _locked_tag(tag_id)
    exclusive = tag.group_id if tag.group is not None and tag.group.exclusive else None
    with _untagged(customer_ids, tag) as untagged:
        sql = f"SELECT customer_id FROM {untagged}"
        if exclusive is not None:
            run(
                f"DELETE FROM customers_customertag WHERE exclusive_group_id = %s AND customer_id IN ({sql})",
                [exclusive],
            )
        many = run(
            "INSERT INTO customers_customertag (customer_id, tag_id, exclusive_group_id, at, actor_id) "
            f"SELECT customer_id, %s, {int(exclusive) if exclusive is not None else 'NULL'}, %s, %s FROM {untagged}",
            [tag.pk, instant(at), actor.pk if actor else None],
        )
        _record_tagging(sql, [], "tag", tag, actor=actor, at=at)
    if many:
        _audit_many("tag", customer_ids, many, tag, selection=selection, actor=actor, at=at)
    return BulkResult(many, len(customer_ids))


@transaction.atomic
def untag_customers(
    *, customer_ids: Sequence[str], tag_id: int, actor: User | None, at: datetime, selection: str = ""
) -> BulkResult:
    """Untag customers. Raises `NoSuchTag`."""
    tag = _locked_tag(tag_id)
    with staged({"customer_id": "text"}, ((customer_id,) for customer_id in customer_ids)) as name:
        having = f"tag_id = %s AND customer_id IN (SELECT customer_id FROM {name})"
        _record_tagging(
            f"SELECT customer_id FROM customers_customertag WHERE {having}", [tag.pk], "untag", tag, actor=actor, at=at
        )
        many = run(f"DELETE FROM customers_customertag WHERE {having}", [tag.pk])
    if many:
        _audit_many("untag", customer_ids, many, tag, selection=selection, actor=actor, at=at)
    return BulkResult(many, len(customer_ids))


@contextmanager
def _untagged(customer_ids: Sequence[str], tag: Tag) -> Iterator[str]:
    """The existing customers among the ids that do not have the tag, as a temporary table."""
    with staged({"customer_id": "text"}, ((customer_id,) for customer_id in set(customer_ids))) as name:
        run(
            f"DELETE FROM {name} WHERE "
            f"NOT EXISTS (SELECT 1 FROM customers_customer AS one WHERE one.customer_id = {name}.customer_id) OR "
            f"EXISTS (SELECT 1 FROM customers_customertag AS one WHERE one.customer_id = {name}.customer_id"
            " AND one.tag_id = %s)",
            [tag.pk],
        )
        yield name


def _locked_tag(tag_id: int) -> Tag:
    tag = Tag.objects.select_for_update(of=("self",)).select_related("group").filter(pk=tag_id).first()
    if tag is None:
        raise NoSuchTag
    return tag


def _save(row: Tag | TagGroup, name: str) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise NameTaken(name=name) from error


def _record_tagging(sql: str, values: list[object], kind: str, tag: Tag, *, actor: User | None, at: datetime) -> None:
    facts: dict[str, object] = {"tag": tag.name}
    record_on_timelines(sql, values, kind=kind, facts=facts, actor_id=actor.pk if actor else None, at=at)


def _audit_many(
    verb: str, customer_ids: Sequence[str], many: int, tag: Tag, *, selection: str, actor: User | None, at: datetime
) -> None:
    """One audit row for all customers; with the customer id if there is only one."""
    after: dict[str, object] = {"tag": tag.name, "customers": many}
    single_id = customer_ids[0] if len(customer_ids) == 1 else None
    if selection:
        after["chosen"] = selection
    record(Subject("tag", tag.pk, single_id), f"customers.{verb}", after=after, actor=actor, at=at)
