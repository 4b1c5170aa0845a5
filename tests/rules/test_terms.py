"""Every text uses the words of the word list, `wording/terms.toml`, and none of the synonyms that it bans."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import reference
from custrata.errors import CustrataError
from custrata.wording import LANGUAGES, catalogue

Texts = Mapping[str, str]
TERMS = reference.terms()
MOST_USED = {"customer", "tier", "scheme", "refresh", "run"}
# A word that stands in a placeholder, an address or a name of code is no word of a text.
CODE = re.compile(r"\{[^{}]*\}|`[^`]*`|\]\([^)]*\)|^```.*?^```", re.M | re.S)


def banned(text: str, language: str) -> list[str]:
    """The banned synonyms in a text."""
    plain = CODE.sub(" ", text)
    return [word for term in TERMS.values() for word in term.get("banned", {}).get(language, ())
            if re.search(_pattern(word, language), plain, re.I)]  # fmt: skip


def _pattern(word: str, language: str) -> str:
    return rf"\b{re.escape(word)}\b" if language == "en" else re.escape(word)


def unlike(texts: Texts) -> list[str]:
    """The terms of the Simplified Chinese text whose word the Traditional Chinese text does not use."""
    simplified, wrong = CODE.sub(" ", texts.get("zh-hans", "")), []
    for key, term in sorted(
        TERMS.items(), key=lambda item: -len(item[1]["zh-hans"])
    ):  # a word in a longer one is not it
        if term["zh-hans"] in simplified and term["zh-hant"] not in texts.get("zh-hant", ""):
            wrong.append(key)
        simplified = simplified.replace(term["zh-hans"], " ")
    return wrong


def phrases() -> Iterator[tuple[str, Texts]]:
    for area, names in catalogue().items():
        yield from ((f"{area}.{name}", texts) for name, texts in names.items())


def test_every_term_has_a_word_in_every_language_and_a_meaning() -> None:
    assert all(set(term) - {"banned"} == {*LANGUAGES, "meaning"} for term in TERMS.values())
    assert [key for key, term in TERMS.items() if not re.fullmatch(r"[A-Z].*\.", term["meaning"])] == []
    assert TERMS.keys() >= MOST_USED


@pytest.mark.usefixtures("server")
def test_no_text_uses_a_banned_synonym() -> None:
    wrong = [
        (name, language, words)
        for name, texts in phrases()
        for language, text in texts.items()
        if (words := banned(text, language))
    ]
    assert wrong == []


def test_no_error_uses_a_banned_synonym(errors: list[type[CustrataError]]) -> None:
    assert [(kind.__name__, words) for kind in errors if (words := banned(kind.template, "en"))] == []


@pytest.mark.usefixtures("server")
def test_traditional_chinese_uses_its_own_word_for_every_term() -> None:
    assert [(name, keys) for name, texts in phrases() if (keys := unlike(texts))] == []


def test_the_documentation_uses_no_banned_synonym(root: Path) -> None:
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    assert [(page.name, words) for page in pages if (words := banned(page.read_text("utf-8"), "en"))] == []


def test_every_term_stands_in_the_glossary() -> None:
    page = reference.terms_page()
    assert [key for key, term in TERMS.items() if f"| {term['en']} | {term['zh-hans']} |" not in page] == []


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("客户的层级", "zh-hans", ["层级"]),
        ("客戶的等級", "zh-hant", []),
        ("Your E-mail", "en", ["e-mail"]),
        ("Run `set-e-mail`", "en", []),
    ],
)
def test_sees_a_banned_synonym(text: str, language: str, words: list[str]) -> None:
    assert banned(text, language) == words


@pytest.mark.parametrize(
    ("simplified", "traditional", "keys"),
    [("刷新后", "更新後", []), ("刷新后", "重整後", ["refresh"]), ("文件夹", "資料夾", [])],
)
def test_sees_another_word_in_traditional_chinese(simplified: str, traditional: str, keys: list[str]) -> None:
    assert unlike({"zh-hans": simplified, "zh-hant": traditional}) == keys
