"""The disk page: for administrators; compaction by a button, and automatically."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.server.conftest import AT, orders

from custrata.apps.audit.models import Change
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job, Status
from custrata.apps.storage import queries
from custrata.apps.storage.actions import AlreadyCompacting, start_compaction
from custrata.apps.storage.jobs import compact_when_due
from custrata.engine import DuckEngine
from custrata.ingest import import_file
from custrata.lake import Workspace
from custrata.pipeline import upkeep
from custrata.pipeline.upkeep import Room
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
PAGE = "/storage/"
SignedIn = Callable[[Role], Client]


@pytest.fixture
def fragmented(own_workspace: Workspace) -> Workspace:
    """A workspace with dead files: all orders were imported again, each with a cent more."""
    file = own_workspace.folder.parent / "dearer.csv"
    dearer = orders()
    dearer.with_columns(dearer["amount"] + 0.01).write_csv(file)
    with DuckEngine(threads=2) as engine:
        import_file(own_workspace, "orders", file, at=AT, engine=engine)
    assert own_workspace.lake.usage().dead > 0
    return own_workspace


def perform_job() -> tuple[Job, dict[str, Any]]:
    """Perform the waiting job; returns it and its result."""
    job = take_job("test", at=timezone.now() + timedelta(days=1))
    assert job is not None
    perform(job, clock=lambda: AT)
    job.refresh_from_db()
    assert job.result is not None
    return job, job.result


def test_shows_what_takes_how_much_and_what_would_be_freed(fragmented: Workspace, signed_in: SignedIn) -> None:
    page = signed_in(Role.ADMINISTRATOR).get(PAGE).content.decode()
    assert all(part in page for part in ("Facts", "Old versions of facts", "Runs", "Compacting now frees about"))
    assert "Disk space is low" not in page


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ANALYST, Role.AGENT])
def test_nobody_else_sees_it_or_compacts(served: Workspace, signed_in: SignedIn, role: Role) -> None:
    client = signed_in(role)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}compact/").status_code == 403
    assert not Job.objects.exists()


def test_the_button_has_the_workspace_compacted_once(fragmented: Workspace, signed_in: SignedIn) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    assert "Compacting has started." in client.post(f"{PAGE}compact/", follow=True).content.decode()
    assert "being compacted already" in client.post(f"{PAGE}compact/", follow=True).content.decode()
    assert [change.action for change in Change.objects.all()] == ["storage.compact"]
    job, result = perform_job()
    assert (job.status, result["freed"] > 0, fragmented.lake.usage().dead) == (Status.DONE, True, 0)
    page = client.get(PAGE).content.decode()
    assert "Last compacted" in page
    assert "No space can be freed now." in page


def test_takes_few_queries(served: Workspace, signed_in: SignedIn, django_assert_max_num_queries: Any) -> None:
    client = signed_in(Role.ADMINISTRATOR)
    client.get(PAGE)
    with django_assert_max_num_queries(5):  # session, person, two of jobs, and PostgreSQL's own size
        client.get(PAGE)


def test_the_server_compacts_by_itself_when_it_is_due_and_not_again_at_once(fragmented: Workspace) -> None:
    compact_when_due(AT)
    compact_when_due(AT + timedelta(minutes=5))
    assert Job.objects.count() == 1
    assert perform_job()[1]["parts"]["dead"] > 0
    compact_when_due(AT + timedelta(hours=2))
    assert Job.objects.count() == 1


def test_a_compacting_that_finds_somebody_reading_leaves_that_part(fragmented: Workspace, monkeypatch: Any) -> None:
    monkeypatch.setattr("custrata.apps.storage.jobs.PATIENCE", 0.0)
    start_compaction(actor=None, at=AT)
    with fragmented.lake.reading():
        assert perform_job()[1]["busy"] == ["dead"]
    assert fragmented.lake.usage().dead > 0
    start_compaction(actor=None, at=AT)
    with pytest.raises(AlreadyCompacting):
        start_compaction(actor=None, at=AT)


def test_a_disk_that_is_nearly_full_is_told_there_and_on_the_overview(
    served: Workspace, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (upkeep, queries):
        monkeypatch.setattr(module, "disk_room", lambda folder: Room(free=9_000_000_000, size=100_000_000_000))
    client = signed_in(Role.ADMINISTRATOR)
    assert all("Disk space is low" in client.get(page).content.decode() for page in (PAGE, "/"))
    assert "9.0 GB of 100 GB are free" in client.get(PAGE).content.decode()


def test_only_who_can_free_the_disk_is_told_on_the_overview(
    served: Workspace, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "disk_room", lambda folder: Room(free=1, size=100))
    assert "Disk space is low" not in signed_in(Role.ANALYST).get("/").content.decode()
    assert Room(free=10, size=100).nearly_full is False
