"""Differences between two definitions of a scheme, and the effect of publishing definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from custrata.tiering.definitions import WINDOW, Definition
from custrata.tiering.library import SchemeLibrary, Version

# What `Definition.data` leaves out where it is as usual.
_USUAL: dict[str, Any] = {"window": WINDOW, "review": "each_run", "qualify": "rolling", "told": True}


@dataclass(frozen=True)
class Difference:
    """One place where two definitions differ: plain values as in YAML; `None` where a side has none."""

    place: str
    was: Any
    now: Any


def differences(old: Definition | None, new: Definition | None) -> list[Difference]:
    """Every place in which they differ, in the order of the file; tiers and rules are told apart by their keys.

    >>> from custrata.tiering.definitions import define
    >>> vip = {"key": "vip", "kind": "threshold", "trait": "spend",
    ...        "tiers": [{"key": "gold", "line": 5000}, {"key": "basic"}]}
    >>> lower = {**vip, "tiers": [{"key": "gold", "line": 4000}, {"key": "basic"}]}
    >>> differences(define(vip), define(lower))
    [Difference(place='tiers.gold.line', was=5000, now=4000)]
    """
    return list(_between("", _data(old), _data(new)))


def _data(definition: Definition | None) -> dict[str, Any]:
    if definition is None:
        return {}
    data = definition.data()
    return {**data, **{name: data.get(name, usual) for name, usual in _USUAL.items()}}


def _between(place: str, was: Any, now: Any) -> Iterator[Difference]:
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping) and not _is_condition(place):
        for name in dict.fromkeys((*was, *now)):
            yield from _between(f"{place}.{name}" if place else str(name), was.get(name), now.get(name))
    elif _named(was) and _named(now):
        yield from _between_named(place, was, now)
    else:
        yield Difference(place, was, now)


def _between_named(place: str, was: Sequence[Any], now: Sequence[Any]) -> Iterator[Difference]:
    """Lists of things with keys, as tiers are: each by its key, and the order where that has changed."""
    old_by_key, new_by_key = ({part["key"]: part for part in many} for many in (was, now))
    for key in dict.fromkeys((*old_by_key, *new_by_key)):
        both = old_by_key.get(key), new_by_key.get(key)
        yield from _between(f"{place}.{key}", *both)
    before = [key for key in old_by_key if key in new_by_key]
    after = [key for key in new_by_key if key in old_by_key]
    if before != after:
        yield Difference(place, before, after)


def _named(many: Any) -> bool:
    return isinstance(many, list) and all(isinstance(part, Mapping) and "key" in part for part in many)


def _is_condition(place: str) -> bool:
    """Conditions are compared as a whole."""
    return place.rpartition(".")[2] in ("among", "when")


@dataclass(frozen=True)
class Planned:
    """What publishing a file would do to one scheme: under which number, and what would be different.

    `definition` is the one that would be published, of a `retired` scheme the one that is; `restored` ones are as
    their newest version is.
    """

    key: str
    action: Literal["new", "changed", "unchanged", "restored", "retired"]
    definition: Definition
    number: int
    differences: tuple[Difference, ...] = ()


def planned(library: SchemeLibrary, definitions: Sequence[Definition], *, replace: bool = False) -> list[Planned]:
    """What `library.publish` would do with these definitions, in their order; then what it would retire.

    Raises what `SchemeLibrary.check` raises.
    """
    library.check(definitions, replace=replace)
    published = library.published()
    plans = [_planned(library, published.get(definition.key), definition) for definition in definitions]
    keys = {definition.key for definition in definitions}
    gone = [version for key, version in published.items() if replace and key not in keys]
    return [*plans, *(Planned(version.key, "retired", version.definition, version.number) for version in gone)]


def _planned(library: SchemeLibrary, published: Version | None, new: Definition) -> Planned:
    number = library.next_number(new)
    if published is not None:
        changed = tuple(differences(published.definition, new))
        return Planned(new.key, "changed" if changed else "unchanged", new, number, changed)
    numbers = [version.number for version in library.versions(new.key)]
    return Planned(new.key, "restored" if number in numbers else "new", new, number)
