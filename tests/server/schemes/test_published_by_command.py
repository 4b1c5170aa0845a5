"""Schemes published, rolled back, retired and restored by the command line stand in the server's audit."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django.fixtures import Settings
from tests.server.schemes.test_drafts import AT, LATER, VIP, lowered

from custrata.__main__ import main
from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import triggers_disabled
from custrata.apps.audit.models import Change
from custrata.apps.jobs.models import Job
from custrata.apps.schemes.actions import (
    publish_draft,
    restore_scheme,
    retire_scheme,
    roll_back,
    save_draft,
)
from custrata.lake import Workspace
from custrata.tiering import SchemeLibrary, define
from custrata.tiering.files import write_schemes
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db
Command = Callable[..., int]


@pytest.fixture
def workspace(own_workspace: Workspace, settings: Settings) -> Workspace:
    """A workspace with a server's database."""
    settings.STATE = own_workspace.folder / "server"
    settings.STATE.mkdir(exist_ok=True)
    (settings.STATE / "server.sqlite3").touch()
    return own_workspace


@pytest.fixture
def command(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs `custrata schemes`; a definition among the arguments is passed as a file. Returns the exit code."""
    monkeypatch.setenv("CUSTRATA_LANGUAGE", "en")
    monkeypatch.setenv("LOGNAME", "olga")

    def run(*arguments: Any) -> int:
        file = tmp_path / "scheme.yaml"
        for definition in arguments:
            if isinstance(definition, dict):
                file.write_text(write_schemes([define({**definition, "key": "vip"})]), "utf-8")
        named = [str(file) if isinstance(argument, dict) else str(argument) for argument in arguments]
        monkeypatch.setattr(sys, "argv", ["custrata", "schemes", *named, "-w", str(workspace.folder)])
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    return run


def publications() -> list[tuple[Any, ...]]:
    """The audit rows of schemes, without actor and time."""
    rows = Change.objects.filter(subject="scheme").exclude(action="tiers.draft").order_by("pk")
    return list(rows.values_list("action", "subject", "subject_id", "customer_id", "before", "after"))


def by_browser(actor: User) -> None:
    for definition in (VIP, lowered()):
        save_draft(key="vip", definition=definition, note="", revision=None, actor=actor, at=AT)
        publish_draft(key="vip", note="as agreed", revision=AT, actor=actor, at=LATER)
    roll_back(key="vip", number=1, note="Restored version 1", actor=actor, at=LATER)
    retire_scheme(key="vip", actor=actor, at=LATER)
    restore_scheme(key="vip", actor=actor, at=LATER)


def by_command(command: Command) -> list[int]:
    codes = [command("apply", definition, "--note", "as agreed") for definition in (VIP, lowered())]
    return [*codes, *(command(*words) for words in (("rollback", "vip", 1), ("retire", "vip"), ("restore", "vip")))]


def test_both_doors_leave_the_same_audit_but_for_the_actor(
    command: Command, person: Callable[[Role], User], graded: Path, settings: Settings
) -> None:
    assert by_command(command) == [0] * 5
    of_command = publications()
    actors = set(Change.objects.values_list("actor_id", "actor_name"))
    settings.WORKSPACE = _fresh_copy(Path(settings.WORKSPACE))
    by_browser(person(Role.OPERATOR))
    of_browser = publications()[len(of_command) :]
    assert (of_browser, actors) == (of_command, {(None, "olga")})
    assert [row[0] for row in of_command] == [
        "tiers.publish",
        "tiers.publish",
        "tiers.roll_back",
        "tiers.retire",
        "tiers.restore",
    ]


def _fresh_copy(folder: Path) -> Path:
    """The workspace as it was before any scheme was published."""
    schemes = folder / "schemes"
    schemes.rename(folder.parent / "published")
    schemes.mkdir()
    return folder


def test_a_command_starts_no_refresh(command: Command) -> None:
    assert (command("apply", VIP), Job.objects.exists()) == (0, False)


def test_schemes_left_out_of_a_replacement_are_retired_in_the_audit(command: Command, workspace: Workspace) -> None:
    replaced = set(SchemeLibrary(workspace).published())
    assert command("apply", VIP, "--only") == 0
    rows = Change.objects.values_list("action", "subject_id")
    assert set(rows) == {("tiers.publish", "vip"), *(("tiers.retire", key) for key in replaced)}


def test_an_unchanged_scheme_leaves_no_row(command: Command) -> None:
    assert (command("apply", VIP), command("apply", VIP)) == (0, 0)
    assert Change.objects.count() == 1


def test_a_refused_command_leaves_no_row(command: Command) -> None:
    assert (command("retire", "value"), Change.objects.exists()) == (1, False)


def test_a_failing_audit_leaves_the_schemes_unchanged(command: Command, workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_change RENAME TO audit_elsewhere")
    assert (command("apply", VIP), "vip" in SchemeLibrary(workspace).published()) == (1, False)
    assert not (workspace.schemes / "vip").exists()


def test_without_a_database_the_schemes_are_published_and_nothing_is_audited(
    command: Command, workspace: Workspace
) -> None:
    (workspace.folder / "server" / "server.sqlite3").unlink()
    assert (command("apply", VIP), Change.objects.exists()) == (0, False)
    assert SchemeLibrary(workspace).published()["vip"].by == "olga"


def test_a_database_that_cannot_be_used_is_reported(
    command: Command, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.STATE = tmp_path
    assert (command("apply", VIP), Change.objects.exists()) == (0, False)
    assert "will not be recorded in the audit log" in capsys.readouterr().err


def test_a_version_whose_publisher_was_killed_before_its_audit_is_recorded_when_it_is_published_again(
    command: Command,
) -> None:
    assert command("apply", VIP) == 0
    (row,) = publications()
    with triggers_disabled(connection):
        Change.objects.filter(subject="scheme").delete()
    assert command("apply", VIP) in (0, 1)
    assert command("apply", VIP) in (0, 1)
    assert publications() == [row]
