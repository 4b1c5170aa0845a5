"""Replace a shipped playbook with the workspace's own, and restore it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from custrata.apps.accounts.models import User
from custrata.apps.audit.actions import record
from custrata.apps.audit.models import Subject
from custrata.apps.playbooks.models import OwnPlaybook
from custrata.errors import Refused
from custrata.tiering.playbooks import Playbook, as_data, playbook
from custrata.web.versions import Parts, ensure_unchanged


class NotEdited(Refused):
    template = "The playbook of {tier} is already the default."


@transaction.atomic
def edit_playbook(
    *,
    scheme: str,
    tier: str,
    content: Mapping[str, Any],
    actor: User | None,
    at: datetime,
    opened: Parts | None = None,
) -> Playbook:
    """Replace the playbook of a tier; identical content changes nothing.

    `content` has the format of `custrata.tiering.playbooks.as_data`; each text needs at least one language. `opened` is
    the state the person saw, in the same format.

    Raises `NoSuchPlaybook`, `ChangedMeanwhile`, and what `custrata.tiering.playbooks.read_playbook` raises.
    """
    shipped, updated = playbook(scheme, tier), playbook(scheme, tier, content)
    existing = OwnPlaybook.objects.select_for_update().filter(scheme=scheme, tier=tier).first()
    before = playbook(scheme, tier, existing.content) if existing else shipped
    if updated == before:
        return before
    ensure_unchanged(opened, as_data(before))
    facts = {"content": as_data(updated), "actor": actor, "at": at}
    OwnPlaybook.objects.update_or_create(scheme=scheme, tier=tier, defaults=facts)
    _record_edit("edit_playbook", before, updated, actor=actor, at=at)
    return updated


@transaction.atomic
def restore_playbook(*, scheme: str, tier: str, actor: User | None, at: datetime) -> Playbook:
    """Restore the shipped playbook. Raises `NoSuchPlaybook`, `NotEdited`."""
    shipped = playbook(scheme, tier)
    existing = OwnPlaybook.objects.select_for_update().filter(scheme=scheme, tier=tier).first()
    if existing is None:
        raise NotEdited(tier=tier)
    before = playbook(scheme, tier, existing.content)
    existing.delete()
    _record_edit("restore_playbook", before, shipped, actor=actor, at=at)
    return shipped


def _record_edit(verb: str, before: Playbook, after: Playbook, *, actor: User | None, at: datetime) -> None:
    """Record the changed parts in the audit log."""
    old, new = as_data(before), as_data(after)
    parts = [name for name in new if old[name] != new[name]]
    changed = ({name: data[name] for name in parts} for data in (old, new))
    record(Subject("playbook", f"{after.scheme}.{after.tier}"), f"playbooks.{verb}", *changed, actor=actor, at=at)
