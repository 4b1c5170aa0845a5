"""What Custrata says, in Simplified Chinese, Traditional Chinese and English.

One TOML file per area, one table per phrase with a text in every language. An error's English sentence stands
beside its class; its translations stand in the table `errors.ClassName` of its area. What stands on the library (the
server's apps) adds areas of its own with `add_area`. `terms.toml` lists the words of the product.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from custrata.errors import BadInput, CustrataError

__all__ = [
    "LANGUAGES",
    "LazyPhrase",
    "UnknownLanguage",
    "add_area",
    "catalogue",
    "error_sentence",
    "language_named",
    "phrase",
]

LANGUAGES = ("zh-hans", "zh-hant", "en")
TERMS = "terms.toml"  # the word list, which is no area of phrases

Catalogue = dict[str, dict[str, str]]

_ADDED: dict[str, Traversable] = {}


class UnknownLanguage(BadInput):
    template = "There is no language “{language}”. The languages are zh-hans, zh-hant and en."


def language_named(name: str) -> str:
    """The language of that name.

    >>> language_named("zh-Hans")
    'zh-hans'
    """
    if name.lower() not in LANGUAGES:
        raise UnknownLanguage(language=name)
    return name.lower()


@lru_cache(maxsize=1)
def catalogue() -> dict[str, Catalogue]:
    """Every phrase: area, then phrase, then language."""
    folder = resources.files(__package__)
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml") and file.name != TERMS),
        key=lambda file: file.name,
    )
    phrases = {file.name.removesuffix(".toml"): _phrases(file) for file in files}
    for area, file in _ADDED.items():
        added, existing = _phrases(file), phrases.setdefault(area, {})
        assert not added.keys() & existing.keys(), f"{area} says twice: {sorted(added.keys() & existing.keys())}"
        existing.update(added)
    return phrases


def add_area(area: str, file: Traversable) -> None:
    """Take the phrases of one more TOML file, under the name of an area, a new one or one of ours."""
    if _ADDED.get(area) != file:
        _ADDED[area] = file
        catalogue.cache_clear()


def _phrases(file: Traversable) -> Catalogue:
    return _flat(tomllib.loads(file.read_text("utf-8")))


def _flat(table: dict[str, object], prefix: str = "") -> Catalogue:
    """Phrases by their dotted name: a table whose values are texts is a phrase."""
    phrases: Catalogue = {}
    for name, value in table.items():
        assert isinstance(value, dict), f"{prefix}{name} stands outside a phrase"
        if all(isinstance(text, str) for text in value.values()):
            phrases[prefix + name] = value
        else:
            phrases |= _flat(value, f"{prefix}{name}.")
    return phrases


def phrase(area: str, name: str, language: str, /, **facts: object) -> str:
    """The phrase in a language, with its facts filled in.

    >>> phrase("languages", "own", "en")
    'English'
    """
    text = catalogue()[area][name][language]
    return text.format(**facts) if facts else text


@dataclass(frozen=True)
class LazyPhrase:
    """A phrase that is translated only when its language is known, such as a fact of another sentence.

    `str()` gives the English text.

    >>> str(LazyPhrase("languages", "own")), LazyPhrase("languages", "own").in_language("zh-hans")
    ('English', '简体中文')
    """

    area: str
    name: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.in_language("en")

    def in_language(self, language: str) -> str:
        """The phrase in a language."""
        return phrase(self.area, self.name, language, **self.facts)


def error_sentence(error: CustrataError, language: str) -> str:
    """What an error says, in a language; in English where nobody has translated it."""
    name = f"errors.{type(error).__name__}"
    for phrases in catalogue().values():
        if language in phrases.get(name, {}):
            facts = {key: _localized(fact, language) for key, fact in error.facts.items()}
            return phrases[name][language].format(**facts)
    return str(error)


def _localized(fact: object, language: str) -> object:
    """A fact of a sentence in a language, where it is a sentence itself."""
    if isinstance(fact, LazyPhrase):
        return fact.in_language(language)
    return error_sentence(fact, language) if isinstance(fact, CustrataError) else fact
