"""The shipped playbooks are complete; an invalid one is refused with its error."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from custrata.errors import BadInput
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import (
    AREAS,
    KINDS,
    ActionTwice,
    MissingLanguage,
    NoSuchPlaybook,
    UnknownActionKind,
    UnknownArea,
    UnusableDays,
    UnusablePlaybook,
    as_data,
    care,
    playbook,
    playbooks,
    read_playbook,
)
from custrata.wording import LANGUAGES, catalogue

TIERS = [(scheme.key, tier) for scheme in BUILT_IN.values() for tier in scheme.tiers]
OWN: dict[str, Any] = {
    "meaning": {"en": "Ours"},
    "aim": {"en": "More"},
    "actions": [{"key": "call", "kind": "touch", "area": "care", "text": {"en": "Call"}, "due_days": 3}],
}


def own(**first: object) -> dict[str, Any]:
    """A workspace's own playbook, its first action told otherwise."""
    data = deepcopy(OWN)
    data["actions"][0] |= first
    return data


@pytest.mark.parametrize(("scheme", "tier"), TIERS)
def test_every_tier_of_a_built_in_scheme_has_an_aim_and_actions_in_every_language(scheme: str, tier: str) -> None:
    shipped = playbook(scheme, tier)
    texts = [shipped.meaning, shipped.aim, *(action.text for action in shipped.actions)]
    assert all(set(text) == set(LANGUAGES) for text in texts)
    assert shipped.actions


def test_the_ones_of_schemes_to_come_are_there_too() -> None:
    expected = {"standing": 3, "need": 3, "potential": 3, "rfm": 8, "lifecycle": 7}
    assert {scheme: sum(key[0] == scheme for key in playbooks()) for scheme in expected} == expected


def test_no_playbook_is_for_a_tier_that_is_none() -> None:
    shipped = {key for key in playbooks() if key[0] in BUILT_IN}
    assert shipped == set(TIERS)


def test_every_playbook_says_how_to_be_in_touch_to_serve_and_to_learn() -> None:
    kinds = {key: {action.kind for action in book.actions} for key, book in playbooks().items()}
    assert [key for key, action_kinds in kinds.items() if not {"touch", "service", "learn"} <= action_kinds] == []


def test_care_speaks_every_language() -> None:
    assert [occasion.key for occasion in care()][:2] == ["birthday", "anniversary"]
    assert all(set(occasion.text) == set(LANGUAGES) for occasion in care())


def test_kinds_areas_and_occasions_have_names() -> None:
    names = catalogue()["playbooks"]
    expected = {f"kinds.{kind}" for kind in KINDS} | {f"areas.{area}" for area in AREAS}
    assert expected | {f"occasions.{occasion.occasion}" for occasion in care()} <= names.keys()


def test_a_playbook_survives_being_written_as_data() -> None:
    shipped = playbook("value", "high")
    assert read_playbook("value", "high", as_data(shipped)) == shipped


def test_the_workspaces_own_takes_the_place_of_the_shipped_one() -> None:
    merged = playbook("value", "high", own())
    assert (merged.aim, merged.actions[0].due_days) == ({"en": "More"}, 3)


def test_a_text_in_one_language_is_read_by_all() -> None:
    assert playbook("value", "high", own()).actions[0].text_in("zh-hans") == "Call"


def test_an_action_is_found_by_its_key() -> None:
    merged = playbook("value", "high", own())
    assert merged.action("call") is merged.actions[0]
    assert merged.action("sing") is None
    assert merged.of_kind("offer") == ()


def test_a_tier_without_one_is_refused() -> None:
    with pytest.raises(NoSuchPlaybook, match="golden"):
        playbook("value", "golden")


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        (own(kind="bribe"), UnknownActionKind),
        (own(area="magic"), UnknownArea),
        (own(text={"en": "  "}), MissingLanguage),
        (own(text={}), MissingLanguage),
        (own(text={"fr": "Appelez"}), UnusablePlaybook),
        (own(text="Call"), UnusablePlaybook),
        (own(key=""), UnusablePlaybook),
        (own(due_days=0), UnusableDays),
        (own(every_days="weekly"), UnusableDays),
        (OWN | {"actions": OWN["actions"] * 2}, ActionTwice),
        (OWN | {"actions": []}, UnusablePlaybook),
        (OWN | {"actions": ["call"]}, UnusablePlaybook),
        (OWN | {"aim": None}, UnusablePlaybook),
        ([], UnusablePlaybook),
    ],
)
def test_what_is_wrong_is_refused_by_name(wrong: Any, refusal: type[BadInput]) -> None:
    with pytest.raises(refusal):
        playbook("value", "high", wrong)


def test_a_shipped_one_must_speak_every_language() -> None:
    with pytest.raises(MissingLanguage, match="zh-hans"):
        read_playbook("value", "high", OWN)
