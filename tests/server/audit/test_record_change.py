"""Changes are recorded and cannot be edited."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from tests.server.conftest import Person
from tests.server.postgresql import ON_POSTGRESQL

from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Change, Subject
from custrata.web.rights import Role

pytestmark = pytest.mark.database

AT = datetime(2025, 7, 1, 4, tzinfo=UTC)


@pytest.fixture
def change(db: None) -> Change:
    record(Subject("shop", 7), "shop.open", after={"open": True}, actor=None, at=AT)
    return Change.objects.get()


def test_writes_who_when_what_before_and_after(person: Person) -> None:
    anna = person(Role.OPERATOR)
    before, after = {"limit": Decimal("1.50")}, {"limit": Decimal(2), "since": date(2025, 7, 1)}
    record(Subject("shop", 7, "c1"), "shop.limit", before, after, actor=anna, at=AT)
    row = Change.objects.get()
    assert (row.actor_id, row.actor_name, row.at, row.customer_id) == (anna.pk, "operator", AT, "c1")
    assert (row.before, row.after) == ({"limit": "1.50"}, {"limit": "2", "since": "2025-07-01"})


def test_the_server_itself_has_no_name(change: Change) -> None:
    assert (change.actor_id, change.actor_name, change.before) == (None, "", None)


@pytest.mark.parametrize("name", ["password", "reset_token", "secret", "session_key"])
def test_refuses_to_write_down_a_secret(db: None, name: str) -> None:
    with pytest.raises(ValueError, match="never written"):
        record(Subject("a"), "a.b", after={name: "x"}, actor=None, at=AT)
    assert not Change.objects.exists()


def test_the_database_refuses_to_change_a_row(change: Change) -> None:
    with pytest.raises(IntegrityError, match="not editable"), transaction.atomic():
        Change.objects.update(action="shop.close")
    assert Change.objects.get().action == "shop.open"


def test_the_database_refuses_to_delete_a_row(change: Change) -> None:
    with pytest.raises(IntegrityError, match="not editable"), transaction.atomic():
        Change.objects.all().delete()
    assert Change.objects.count() == 1


def test_the_database_refuses_to_put_a_row_in_the_place_of_another(change: Change) -> None:
    verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"{verb} INTO audit_change (id, at, actor_name, action, subject, subject_id)"
            " VALUES (%s, %s, '', 'x', '', '')",
            [change.pk, timezone.now()],
        )
    assert Change.objects.get().action == "shop.open"


@pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has no TRUNCATE")
def test_the_database_refuses_to_empty_the_table(change: Change) -> None:
    with pytest.raises(IntegrityError, match="not editable"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_change")
    assert Change.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_emptying_the_whole_database_empties_the_audit_and_closes_it_again() -> None:
    from django.core.management import call_command

    record(Subject("shop", 7), "shop.open", actor=None, at=AT)
    call_command("flush", interactive=False, verbosity=0)
    assert not Change.objects.exists()
    record(Subject("shop", 7), "shop.open", actor=None, at=AT)
    with pytest.raises(IntegrityError, match="not editable"):
        Change.objects.update(action="x")


@pytest.mark.django_db(transaction=True)
def test_the_migrations_go_back_and_forth() -> None:
    from django.core.management import call_command

    call_command("migrate", "audit", "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    record(Subject("shop", 7), "shop.open", actor=None, at=AT)
    with pytest.raises(IntegrityError, match="not editable"), transaction.atomic():
        Change.objects.all().delete()
