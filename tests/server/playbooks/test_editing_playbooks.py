"""A workspace's own playbook replaces the shipped one, until that is restored."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from tests.server.playbooks.conftest import AT, audit_entries, database_state

from custrata.apps.accounts.models import User
from custrata.apps.audit.models import Change
from custrata.apps.playbooks.actions import NotEdited, edit_playbook, restore_playbook
from custrata.apps.playbooks.forms import content, form_initial
from custrata.apps.playbooks.models import OwnPlaybook
from custrata.apps.playbooks.queries import effective_playbook
from custrata.errors import CustrataError
from custrata.tiering.playbooks import ActionTwice, NoSuchPlaybook, UnknownActionKind, as_data, playbook

pytestmark = pytest.mark.django_db
SHIPPED = as_data(playbook("value", "high"))


def edit(actor: User, data: dict[str, Any], tier: str = "high") -> None:
    edit_playbook(scheme="value", tier=tier, content=data, actor=actor, at=AT)


def custom_playbook(**parts: Any) -> dict[str, Any]:
    return deepcopy(SHIPPED) | parts


def test_it_holds_from_then_on_and_only_what_differs_is_written_down(ann: User) -> None:
    edit(ann, custom_playbook(aim={"en": "Spoil them"}))
    assert effective_playbook("value", "high").aim == {"en": "Spoil them"}
    change = Change.objects.get()
    assert (change.action, list(change.after or {})) == ("playbooks.edit_playbook", ["aim"])


def test_saving_the_same_again_changes_nothing(ann: User) -> None:
    edit(ann, custom_playbook(aim={"en": "Spoil them"}))
    before = database_state()
    edit(ann, custom_playbook(aim={"en": "Spoil them"}))
    assert database_state() == before


def test_saving_the_shipped_playbook_changes_nothing(ann: User) -> None:
    edit(ann, SHIPPED)
    assert not OwnPlaybook.objects.exists()
    assert not audit_entries()


def test_the_shipped_one_is_restored_once(ann: User) -> None:
    edit(ann, custom_playbook(aim={"en": "Spoil them"}))
    restore_playbook(scheme="value", tier="high", actor=ann, at=AT)
    assert effective_playbook("value", "high") == playbook("value", "high")
    before = database_state()
    with pytest.raises(NotEdited):
        restore_playbook(scheme="value", tier="high", actor=ann, at=AT)
    assert database_state() == before


@pytest.mark.parametrize(
    ("data", "tier", "refusal"),
    [
        (SHIPPED, "golden", NoSuchPlaybook),
        (custom_playbook(actions=SHIPPED["actions"] * 2), "high", ActionTwice),
        (custom_playbook(actions=[SHIPPED["actions"][0] | {"kind": "bribe"}]), "high", UnknownActionKind),
    ],
)
def test_it_refuses_by_name_and_changes_nothing(
    ann: User, data: dict[str, Any], tier: str, refusal: type[CustrataError]
) -> None:
    before = database_state()
    with pytest.raises(refusal):
        edit(ann, data, tier)
    assert database_state() == before


def test_what_was_not_changed_in_the_form_keeps_every_language() -> None:
    shipped = playbook("value", "high")
    whole, rows = form_initial(shipped, "en")
    assert content(shipped, "en", whole, rows) == SHIPPED


def test_what_was_changed_in_the_form_is_kept_in_its_language_alone() -> None:
    shipped = playbook("value", "high")
    whole, rows = form_initial(shipped, "en")
    rows[0]["text"] = "Call their mother"
    edited = content(shipped, "en", whole | {"aim": "Spoil them"}, rows)
    assert (edited["aim"], edited["actions"][0]["text"]) == ({"en": "Spoil them"}, {"en": "Call their mother"})
    assert edited["meaning"] == SHIPPED["meaning"]


def test_rows_without_a_text_go_and_new_ones_get_a_key() -> None:
    shipped = playbook("value", "high")
    whole, rows = form_initial(shipped, "en")
    new = {"key": "", "kind": "touch", "area": "care", "text": "Sing", "due_days": None, "every_days": None}
    edited = content(shipped, "en", whole, [rows[0] | {"text": " "}, rows[1], new, new])
    assert [action["key"] for action in edited["actions"]] == ["quarterly_visit", "own_1", "own_2"]
