"""Playbooks: what a tier means, what to aim at with its customers, and what to do.

They ship as data, a YAML file per scheme beside this module, in three languages. A workspace may put its own in the
place of a shipped one, and needs only the languages it speaks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from custrata.errors import BadInput
from custrata.tiering.loading import load_plain
from custrata.wording import LANGUAGES

__all__ = [
    "AREAS",
    "KINDS",
    "Action",
    "Care",
    "Playbook",
    "as_data",
    "care",
    "playbook",
    "playbooks",
    "read_playbook",
    "said",
]

KINDS = ("touch", "offer", "benefit", "service", "learn")
AREAS = ("campaigns", "journeys", "coupons", "loyalty", "care", "service", "feedback", "sales")
OCCASIONS = (
    "birthday",
    "customer_anniversary",
    "spring_festival",
    "mid_autumn",
    "regional_festival",
    "tier_rhythm",
)
CARE = "care"
MOST_DAYS = 3_650

Texts = Mapping[str, str]
Data = Mapping[str, Any]


class NoSuchPlaybook(BadInput):
    status = 404
    template = "There is no playbook for the tier {tier} of the scheme {scheme}."


class UnknownActionKind(BadInput):
    template = "{where}: there is no kind of action “{kind}”. The kinds are touch, offer, benefit, service and learn."


class UnknownArea(BadInput):
    template = (
        "{where}: there is no area “{area}”. The areas are campaigns, journeys, coupons, loyalty, care, service, "
        "feedback and sales."
    )


class MissingLanguage(BadInput):
    template = "{where}: the text in {language} is missing or empty."


class ActionTwice(BadInput):
    template = "{where}: two actions have the key “{key}”. Give each action a different key."


class UnusableDays(BadInput):
    template = "{where}: “{given}” is not a number of days from 1 to {most}. Correct it, or leave it out."


class UnusablePlaybook(BadInput):
    template = "{where}: “{part}” is missing, or has the wrong format."


@dataclass(frozen=True)
class Action:
    """One thing to do: its key, kind and text, the area that will carry it out, and its days.

    `due_days` is how many days a task made of it is given, `every_days` the rhythm in which it comes again.
    """

    key: str
    kind: str
    area: str
    text: Texts
    due_days: int | None = None
    every_days: int | None = None

    def text_in(self, language: str) -> str:
        """The text in a language; in another one where a workspace wrote it in that alone."""
        return localized(self.text, language)


@dataclass(frozen=True)
class Playbook:
    """What a tier of a scheme means, the aim, and the actions by which it is reached."""

    scheme: str
    tier: str
    meaning: Texts
    aim: Texts
    actions: tuple[Action, ...]

    def action(self, key: str) -> Action | None:
        """The action of that key."""
        return next((action for action in self.actions if action.key == key), None)

    def of_kind(self, kind: str) -> tuple[Action, ...]:
        """The actions of a kind, in their order."""
        return tuple(action for action in self.actions if action.kind == kind)


@dataclass(frozen=True)
class Care:
    """Care for all that agreed to it: on which occasion, prepared how many days before, by which area."""

    key: str
    area: str
    occasion: str
    days_before: int
    text: Texts


def localized(texts: Texts, language: str) -> str:
    """A text in a language, or in the first one it has.

    >>> localized({"zh-hans": "你好", "en": "Hello"}, "en"), localized({"zh-hans": "你好"}, "en")
    ('Hello', '你好')
    """
    return texts.get(language) or next(iter(texts.values()))


def playbook(scheme: str, tier: str, own: object = None) -> Playbook:
    """The playbook of a tier: the workspace's own where there is one, else the shipped one.

    `own` is data of the form `as_data` gives. Raises `NoSuchPlaybook`, and what `read_playbook` raises.

    >>> playbook("lifecycle", "new").aim["en"]
    'The second order within 60 days.'
    """
    if own is not None:
        return read_playbook(scheme, tier, own, languages=())
    shipped = playbooks().get((scheme, tier))
    if shipped is None:
        raise NoSuchPlaybook(scheme=scheme, tier=tier)
    return shipped


@lru_cache(maxsize=1)
def playbooks() -> Mapping[tuple[str, str], Playbook]:
    """Every shipped playbook by scheme and tier, in the order of the files."""
    folder = resources.files(__package__)
    names = sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))
    return {
        (scheme, tier): read_playbook(scheme, tier, data)
        for scheme in names
        if scheme != CARE
        for tier, data in _file(scheme).items()
    }


@lru_cache(maxsize=1)
def care() -> tuple[Care, ...]:
    """The care that ships, whatever the tier."""
    return tuple(_care(data) for data in _file(CARE))


def read_playbook(scheme: str, tier: str, data: object, languages: Sequence[str] = LANGUAGES) -> Playbook:
    """A playbook out of data; every text must speak all of `languages`, and at least one.

    Raises `UnusablePlaybook`, `UnknownActionKind`, `UnknownArea`, `MissingLanguage`, `ActionTwice`, `UnusableDays`.
    """
    where = f"{scheme}.{tier}"
    if not isinstance(data, Mapping):
        raise UnusablePlaybook(where=where, part="actions")
    actions = data.get("actions")
    if not isinstance(actions, list) or not actions:
        raise UnusablePlaybook(where=where, part="actions")
    parsed = tuple(
        _action(f"{where}.{place}", action_data, languages) for place, action_data in enumerate(actions, start=1)
    )
    keys = [action.key for action in parsed]
    for key in keys:
        if keys.count(key) > 1:
            raise ActionTwice(where=where, key=key)
    meaning, aim = (_texts(f"{where}.{name}", data.get(name), languages) for name in ("meaning", "aim"))
    return Playbook(scheme, tier, meaning, aim, parsed)


def as_data(playbook: Playbook) -> dict[str, Any]:
    """A playbook as data that JSON and YAML can hold; `read_playbook` reads it again."""
    return {
        "meaning": dict(playbook.meaning),
        "aim": dict(playbook.aim),
        "actions": [
            {
                "key": action.key,
                "kind": action.kind,
                "area": action.area,
                "text": dict(action.text),
                **{name: days for name in ("due_days", "every_days") if (days := getattr(action, name)) is not None},
            }
            for action in playbook.actions
        ],
    }


def _file(name: str) -> Any:
    return load_plain(resources.files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))


def _action(where: str, data: object, languages: Sequence[str]) -> Action:
    if not isinstance(data, Mapping):
        raise UnusablePlaybook(where=where, part="actions")
    key, kind, area = (data.get(name) for name in ("key", "kind", "area"))
    if not isinstance(key, str) or not key:
        raise UnusablePlaybook(where=where, part="key")
    if kind not in KINDS:
        raise UnknownActionKind(where=where, kind=kind)
    if area not in AREAS:
        raise UnknownArea(where=where, area=area)
    text = _texts(f"{where}.text", data.get("text"), languages)
    return Action(key, kind, area, text, _days(where, data.get("due_days")), _days(where, data.get("every_days")))


def _texts(where: str, data: object, languages: Sequence[str]) -> Texts:
    if not isinstance(data, Mapping) or not all(isinstance(text, str) for text in data.values()):
        raise UnusablePlaybook(where=where, part="text")
    if unknown := next((name for name in data if name not in LANGUAGES), None):
        raise UnusablePlaybook(where=where, part=unknown)
    for language in languages or list(data)[:1] or LANGUAGES[:1]:
        if not data.get(language, "").strip():
            raise MissingLanguage(where=where, language=language)
    return {language: text.strip() for language, text in data.items() if text.strip()}


def _days(where: str, value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_DAYS:
        raise UnusableDays(where=where, given=value, most=MOST_DAYS)
    return value


def _care(data: Data) -> Care:
    where = f"{CARE}.{data.get('key')}"
    if data.get("area") not in AREAS:
        raise UnknownArea(where=where, area=data.get("area"))
    if data.get("occasion") not in OCCASIONS:
        raise UnusablePlaybook(where=where, part="occasion")
    text = _texts(where, data.get("text"), LANGUAGES)
    return Care(data["key"], data["area"], data["occasion"], int(data["days_before"]), text)
