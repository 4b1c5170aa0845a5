"""Customers are synchronized with the lake and the timeline with the runs, each exactly once."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import DatabaseError, transaction
from tests.server.conftest import AT, CUSTOMERS
from tests.server.customers.conftest import ImportCustomers

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.customers.actions import (
    assign_owner,
    edit_attribute,
    is_synced,
    make_tag,
    sync_customers,
    tag_customers,
    write_note,
)
from custrata.apps.customers.models import Customer, CustomerTag, Edit, FollowedRun, Note, TimelineEntry
from custrata.apps.customers.queries import decisions
from custrata.engine import DuckEngine
from custrata.lake import Workspace
from custrata.pipeline import refresh
from custrata.pipeline.reading import moves_in


class Interrupted(Exception):
    """Interrupts a synchronization."""


def interrupt_after(after: int) -> object:
    """A progress listener that raises `Interrupted` at its `after`th call."""
    left = [after]

    def tell(fraction: float) -> None:
        left[0] -= 1
        if not left[0]:
            raise Interrupted

    return tell


def moves_of(workspace: Workspace) -> Counter[str]:
    return Counter({run.id: moves_in(run) for run in workspace.runs.all() if moves_in(run)})


def timeline_moves() -> Counter[str]:
    return Counter(TimelineEntry.objects.filter(kind="tier").values_list("run", flat=True))


@pytest.mark.django_db
def test_brings_every_customer_with_what_a_search_looks_for(served: Workspace) -> None:
    done = sync_customers(served, at=AT)
    assert (done.changed, done.gone) == (CUSTOMERS, 0)
    customer = Customer.objects.get(customer_id="c007")
    assert (customer.name, customer.phone, customer.email) == ("王007", "+8613800130007", "c007@example.com")
    assert "13800130007" in customer.search


@pytest.mark.django_db
def test_puts_every_move_of_every_run_on_the_timeline_once(served: Workspace) -> None:
    done = sync_customers(served, at=AT)
    assert done.moves == moves_of(served).total() > 0
    assert timeline_moves() == moves_of(served)
    facts = TimelineEntry.objects.filter(kind="tier").first()
    assert facts is not None
    assert facts.facts.keys() == {"scheme", "direction", "source", "target", "value", "status", "late"}


def test_has_nothing_to_do_where_nothing_moved(followed: Workspace) -> None:
    assert is_synced(followed)
    assert (sync_customers(followed, at=AT).changed, sync_customers(followed, at=AT).moves) == (0, 0)


@pytest.mark.django_db
def test_takes_over_only_what_changed(own_workspace: Workspace, import_customers: ImportCustomers) -> None:
    sync_customers(own_workspace, at=AT)
    import_customers(customer_id=["c002", "new"], name=["Renamed", "New"])
    assert not is_synced(own_workspace)
    assert sync_customers(own_workspace, at=AT).changed == 2
    assert Customer.objects.get(customer_id="c002").name == "Renamed"
    assert "renamed" in Customer.objects.get(customer_id="c002").search
    assert Customer.objects.count() == CUSTOMERS + 1


@pytest.mark.django_db
@pytest.mark.parametrize("after", [1, 2, 3])
def test_goes_on_where_it_was_killed(served: Workspace, after: int) -> None:
    with pytest.raises(Interrupted):
        sync_customers(served, at=AT, tell=interrupt_after(after))  # type: ignore[arg-type]  # it ends the work
    assert not is_synced(served)
    sync_customers(served, at=AT)
    assert Customer.objects.count() == CUSTOMERS
    assert timeline_moves() == moves_of(served)


@pytest.mark.django_db
def test_a_run_that_is_superseded_leaves_the_timeline(
    own_workspace: Workspace, import_customers: ImportCustomers
) -> None:
    sync_customers(own_workspace, at=AT)
    import_customers(customer_id=["new"], name=["New"])
    with DuckEngine(threads=2) as engine:
        refresh(own_workspace, engine, at=AT, as_of="2025-07-01")
    sync_customers(own_workspace, at=AT)
    assert timeline_moves() == moves_of(own_workspace)
    assert FollowedRun.objects.count() == 4


def erase(workspace: Workspace, customer_id: str) -> None:
    """Erase as the command line does."""
    workspace.lake.erase(customer_id, at=AT)
    workspace.runs.remove_customers(customer_id)


def make_decisions(customer_id: str, anna: User) -> None:
    """Make every kind of decision about a customer."""
    who = {"actor": anna, "at": AT}
    edit_attribute(customer_id=customer_id, attribute="city", value="Graz", source_value=None, **who)  # type: ignore[arg-type]  # as typed above
    tag = make_tag(name="vip", **who)  # type: ignore[arg-type]  # as typed above
    tag_customers(customer_ids=[customer_id], tag_id=tag.pk, **who)  # type: ignore[arg-type]  # as typed above
    assign_owner(customer_ids=[customer_id], owner_id=anna.pk, **who)  # type: ignore[arg-type]  # as typed above
    write_note(customer_id=customer_id, text="Calls on Mondays", **who)  # type: ignore[arg-type]  # as typed above


def test_who_was_erased_goes_with_everything_about_them(own_workspace: Workspace, anna: User) -> None:
    sync_customers(own_workspace, at=AT)
    make_decisions("c007", anna)
    erase(own_workspace, "c007")
    assert sync_customers(own_workspace, at=AT).gone == 1
    for model in (Customer, Edit, CustomerTag, Note, TimelineEntry):
        assert not model.objects.filter(customer_id="c007").exists()
    assert Customer.objects.count() == CUSTOMERS - 1
    assert timeline_moves() == moves_of(own_workspace)


def test_who_was_erased_leaves_nothing_in_the_audit_but_that_something_was_done(
    own_workspace: Workspace, anna: User
) -> None:
    sync_customers(own_workspace, at=AT)
    make_decisions("c007", anna)
    before = Change.objects.count()
    erase(own_workspace, "c007")
    sync_customers(own_workspace, at=AT)
    spoken = list(Change.objects.values_list("customer_id", "subject_id", "before", "after"))
    assert "c007" not in str(spoken)
    assert Change.objects.filter(customer_id="erased", actor_name=anna.username).exists()
    assert Change.objects.count() == before + 1


def test_the_audit_is_closed_again_after_an_erasure(own_workspace: Workspace, anna: User) -> None:
    sync_customers(own_workspace, at=AT)
    make_decisions("c007", anna)
    erase(own_workspace, "c007")
    sync_customers(own_workspace, at=AT)
    with pytest.raises(DatabaseError, match="not editable"), transaction.atomic():
        Change.objects.update(action="nothing")


def test_what_was_decided_reaches_the_next_refresh(own_workspace: Workspace, anna: User) -> None:
    sync_customers(own_workspace, at=AT)
    make_decisions("c007", anna)
    with DuckEngine(threads=2) as engine:
        run = refresh(own_workspace, engine, at=AT, as_of="2025-08-01", decisions=decisions()).run
        profile = run.read("profile", engine)
        row = profile.filter(profile.customer_id == "c007").select("name", "city", "tags", "owner").to_pyarrow()
    assert row.to_pylist() == [{"name": "王007", "city": "Graz", "tags": "vip", "owner": "operator"}]


def test_an_edited_name_stays_when_the_lake_moves_on(
    own_workspace: Workspace, anna: User, import_customers: ImportCustomers
) -> None:
    sync_customers(own_workspace, at=AT)
    edit_attribute(customer_id="c007", attribute="name", value="Ann", source_value="王007", actor=anna, at=AT)
    import_customers(customer_id=["c007"], name=["Another"])
    sync_customers(own_workspace, at=AT)
    assert Customer.objects.get(customer_id="c007").name == "Ann"
