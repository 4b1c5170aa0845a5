"""Scheduled backups: a job that writes one, verifies it, and keeps the newest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from tests.server.backup.commands import read_manifest
from tests.server.jobs.process_tree import AT

from custrata.apps.jobs.actions import enqueue
from custrata.apps.jobs.actions.queue import take_job
from custrata.apps.jobs.management.performing import perform
from custrata.apps.jobs.models import Job
from custrata.lake import Workspace
from custrata.lake.sums import write_checked
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(own_workspace: Workspace, settings: Settings, tmp_path: Path) -> Path:
    settings.BACKUPS, settings.BACKUPS_KEPT = tmp_path / "backups", 2
    return tmp_path / "backups"


def backed_up(day: int) -> Job:
    at = AT + timedelta(days=day)
    enqueue(kind="backup", arguments={}, actor=None, at=at, key="backup")
    job = take_job("worker", at=at)
    assert job is not None
    perform(job, clock=lambda: at)
    job.refresh_from_db()
    return job


def test_it_writes_one_that_was_tried(folder: Path) -> None:
    job = backed_up(0)
    assert (job.status, job.phrase, job.error) == ("done", "server.backing_up.verifying", "")
    assert job.result is not None
    assert read_manifest(folder / job.result["file"])["rows"]["jobs.job"] == 1
    assert [path.name for path in folder.iterdir()] == [job.result["file"]]


def test_it_keeps_the_newest_and_what_others_put_there(folder: Path) -> None:
    folder.mkdir()
    for name in ("custrata-20200101T000000Z-1.tar", "custrata-20200102T000000Z-2.tar", "mine.tar"):
        (folder / name).write_text("x")
    result = backed_up(1).result
    assert result is not None
    assert {path.name for path in folder.iterdir()} == {"custrata-20200102T000000Z-2.tar", result["file"], "mine.tar"}


def test_one_that_cannot_be_restored_is_no_backup(folder: Path, own_workspace: Workspace) -> None:
    manifest = own_workspace.lake.folder / "manifest.json"
    saying = json.loads(manifest.read_text("utf-8"))
    saying["tables"]["orders"]["rows"] += 7  # a lake that has lost rows
    write_checked(manifest, json.dumps(saying))
    job = backed_up(2)
    assert job.status == "failed"
    assert "orders" in str(job.error_facts)
    assert [path.name for path in folder.glob("*")] == []


def test_a_person_says_when_it_comes(folder: Path, signed_in: Callable[[Role], Client]) -> None:
    page = signed_in(Role.ADMINISTRATOR).get("/jobs/schedule/backup/")
    assert (page.status_code, "Backup" in page.content.decode()) == (200, True)
