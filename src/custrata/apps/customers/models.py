"""Customers, and what people decide about them: edits, tags, notes and owners.

`Customer` is a copy of data in the lake. Decisions of people are stored in the other tables and used by the next
refresh. `customer_id` is the id of the customer in the sources.
"""

from __future__ import annotations

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower

from custrata.apps.audit.models import Subject

PERSON = settings.AUTH_USER_MODEL


class Customer(models.Model):
    """One customer, as far as search, lists and the tables of the server need them."""

    customer_id = models.TextField(unique=True)
    name = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    email = models.TextField(blank=True)
    company = models.TextField(blank=True)
    search = models.TextField(blank=True)  # the folded search text (queries/searching.py)
    mark = models.BigIntegerField()  # hash of the lake's data
    owner = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="customers")

    @property
    def audit_subject(self) -> Subject:
        return Subject("customer", self.customer_id, self.customer_id)

    def __str__(self) -> str:
        return self.name or self.customer_id


def _of_customer(name: str) -> models.ForeignKey[Customer, Customer]:
    return models.ForeignKey(Customer, models.CASCADE, to_field="customer_id", related_name=name)


class Edit(models.Model):
    """An attribute set by a person; it takes precedence over all sources until it is undone."""

    customer = _of_customer("edits")
    attribute = models.CharField(max_length=40)
    value = models.TextField(null=True)  # None: the attribute is cleared
    at = models.DateTimeField()
    actor = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["customer", "attribute"], name="customers_edit_one_per_attribute"),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.attribute}"


class TagGroup(models.Model):
    """A group of tags; a customer has at most one tag of an exclusive group."""

    name = models.CharField(max_length=60)
    exclusive = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(Lower("name"), name="customers_taggroup_name_once"),)

    @property
    def audit_subject(self) -> Subject:
        return Subject("tag group", self.pk)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A label set by people."""

    name = models.CharField(max_length=60)
    group = models.ForeignKey(TagGroup, models.PROTECT, null=True, related_name="tags")

    class Meta:
        constraints = (
            models.UniqueConstraint(Lower("name"), name="customers_tag_name_once"),
            models.CheckConstraint(condition=~models.Q(name=""), name="customers_tag_named"),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("tag", self.pk)

    def __str__(self) -> str:
        return self.name


class CustomerTag(models.Model):
    """A tag on a customer."""

    customer = _of_customer("tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="customers")
    exclusive_group = models.ForeignKey(
        TagGroup, models.PROTECT, null=True, related_name="+"
    )  # the tag's group if exclusive
    at = models.DateTimeField()
    actor = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["customer", "tag"], name="customers_customertag_once"),
            models.UniqueConstraint(
                fields=["customer", "exclusive_group"],
                condition=models.Q(exclusive_group__isnull=False),
                name="customers_customertag_one_of_group",
            ),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.tag_id}"


class Note(models.Model):
    """A note about a customer."""

    customer = _of_customer("notes")
    text = models.TextField()
    at = models.DateTimeField()
    actor = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = (models.CheckConstraint(condition=~models.Q(text=""), name="customers_note_says_something"),)

    @property
    def audit_subject(self) -> Subject:
        return Subject("note", self.pk, self.customer_id)

    def __str__(self) -> str:
        return f"{self.customer_id} {self.at:%Y-%m-%d}"


class TimelineEntry(models.Model):
    """An event of a customer: a change of tier, an edit, a tag. Events of the lake are not copied."""

    customer_id = models.TextField()
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    actor = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    run = models.CharField(max_length=64, blank=True)  # the run that recorded it; empty if none

    class Meta:
        indexes = (
            models.Index(fields=["customer_id", "at", "id"], name="customers_timeline_customer"),
            models.Index(fields=["run"], name="customers_timeline_run", condition=~models.Q(run="")),
        )

    def __str__(self) -> str:
        return f"{self.customer_id} {self.kind}"


class FollowedRun(models.Model):
    """How many of the moves of a run are on the timeline already."""

    run = models.CharField(max_length=64, unique=True)
    rows = models.BigIntegerField()
    done = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(done__gte=0, done__lte=models.F("rows")), name="customers_followedrun_done_within"
            ),
        )

    def __str__(self) -> str:
        return self.run


class FollowedLake(models.Model):
    """The state of lake and runs that was last synchronized: a single row."""

    only = models.BooleanField(default=True, unique=True)
    fingerprint = models.CharField(max_length=200, blank=True)
    run = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(only=True), name="customers_followedlake_one_row"),)

    def __str__(self) -> str:
        return self.fingerprint


class ListColumns(models.Model):
    """Which columns a person sees in the list of customers."""

    person = models.OneToOneField(PERSON, models.CASCADE, related_name="customer_columns")
    columns = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.person_id}"
