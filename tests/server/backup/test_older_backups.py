"""A backup of an earlier version, in which a model belonged to another app, is restored."""

from __future__ import annotations

import json
from pathlib import Path

from tests.server.backup.commands import rows, run
from tests.server.backup.conftest import Used
from tests.server.backup.test_hostile_backups import Members, dumped, members_of, sealed, write_archive

NOW, THEN = "schemes.schemedraft", "tiers.draft"
LATER = [["tiers", "0004_move_drafts_to_schemes"], ["schemes", "0001_take_drafts_from_tiers"]]


def as_before_the_move(members: Members) -> Members:
    """The members of a backup that was made when drafts were a model of the app `tiers`."""
    head = json.loads(members["backup.json"])
    head["migrations"] = [migration for migration in head["migrations"] if migration not in LATER]
    for part in ("rows", "contents"):
        head[part][THEN] = head[part].pop(NOW)
    renamed = {name.replace(NOW, THEN): content for name, content in members.items()}
    return sealed({**renamed, "backup.json": dumped(head)})


def test_drafts_of_a_backup_made_before_the_move_are_restored(used: Used, tmp_path: Path) -> None:
    write_archive(as_before_the_move(members_of(used.backup)), tmp_path / "old.tar")
    run("restore", tmp_path / "old.tar", "-w", tmp_path / "shop")
    run("backup", tmp_path / "new.tar", "-w", tmp_path / "shop", "--no-verify")
    assert f"database/{THEN}.jsonl" in rows(tmp_path / "old.tar")
    assert rows(tmp_path / "new.tar") == rows(used.backup)
