"""Every phrase exists in every language, with the same placeholders."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest

from custrata.errors import CustrataError
from custrata.wording import LANGUAGES, catalogue

Texts = Mapping[str, str]
PHRASES = [(area, name) for area, phrases in catalogue().items() for name in phrases if not name.startswith("errors.")]


def facts(text: str) -> set[str]:
    """The names of the placeholders."""
    return {name.partition(".")[0].partition("[")[0] for _, name, _, _ in Formatter().parse(text) if name is not None}


def faults(texts: Texts, languages: tuple[str, ...], like: str | None = None) -> list[str]:
    """What is wrong with a phrase: languages it lacks or has too many, and facts that differ between them."""
    wrong = [f"no {language}" for language in languages if not texts.get(language, "").strip()]
    wrong += [f"strange {language}" for language in texts if language not in languages]
    expected = facts(like if like is not None else next(iter(texts.values())))
    return wrong + [f"facts in {language}" for language, text in texts.items() if facts(text) != expected]


def literal_phrases(source: Path) -> Iterator[tuple[str, str]]:
    """Area and name of every phrase that the source asks for by names that are written out."""
    for path in source.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from literal_phrase(node)


def literal_phrase(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Of `phrase("area", "name", …)`, and of the pages' `text("area.name")`, `html(…)` and `count(…)`."""
    called = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    written = [str(argument.value) for argument in call.args[:2] if isinstance(argument, ast.Constant)]
    if called == "phrase" and len(written) == 2:
        yield written[0], written[1]
    if called in ("text", "html", "count") and written and written[0].partition(".")[0] in catalogue():
        area, _, name = written[0].partition(".")
        yield from ((area, name + form) for form in ((".one", ".other") if called == "count" else ("",)))


def translations() -> dict[str, Texts]:
    return {
        name.removeprefix("errors."): texts
        for phrases in catalogue().values()
        for name, texts in phrases.items()
        if name.startswith("errors.")
    }


def test_every_phrase_speaks_every_language_of_the_same_facts() -> None:
    all_faults = {f"{area}.{name}": faults(catalogue()[area][name], LANGUAGES) for area, name in PHRASES}
    assert {name: wrong for name, wrong in all_faults.items() if wrong} == {}


def test_every_error_is_translated_with_the_facts_of_its_sentence(errors: list[type[CustrataError]]) -> None:
    chinese = tuple(language for language in LANGUAGES if language != "en")
    all_faults = {
        kind.__name__: faults(translations().get(kind.__name__, {}), chinese, kind.template) for kind in errors
    }
    assert {name: wrong for name, wrong in all_faults.items() if wrong} == {}


def test_no_translation_is_left_of_an_error_that_is_gone(errors: list[type[CustrataError]]) -> None:
    assert set(translations()) - {kind.__name__ for kind in errors} == set()


def test_no_error_is_translated_twice() -> None:
    names = [name for phrases in catalogue().values() for name in phrases if name.startswith("errors.")]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_phrase_the_source_asks_for_exists(root: Path) -> None:
    used = set(literal_phrases(root / "src/custrata"))
    assert {(area, name) for area, name in used if name not in catalogue().get(area, {})} == set()


@pytest.mark.parametrize(
    ("code", "phrases"),
    [
        ('phrase("web", "menu", language)', [("web", "menu")]),
        ('texts.text("web.menu")', [("web", "menu")]),
        ('count("web.many", 3)', [("web", "many.one"), ("web", "many.other")]),
        ('"abc".count("b.c")', []),
    ],
)
def test_sees_what_the_source_asks_for(tmp_path: Path, code: str, phrases: list[tuple[str, str]]) -> None:
    (tmp_path / "page.py").write_text(code)
    assert list(literal_phrases(tmp_path)) == phrases


@pytest.mark.parametrize(
    ("texts", "wrong"),
    [
        ({"zh-hans": "{n} 位", "zh-hant": "{n} 位", "en": "{n} people"}, []),
        ({"zh-hans": "{n} 位", "zh-hant": "位", "en": "{n} people"}, ["facts in zh-hant"]),
        ({"zh-hans": "位", "en": "people"}, ["no zh-hant"]),
        ({"zh-hans": "位", "zh-hant": "位", "en": "people", "fr": "gens"}, ["strange fr"]),
    ],
)
def test_sees_what_is_wrong_with_a_phrase(texts: Texts, wrong: list[str]) -> None:
    assert faults(texts, LANGUAGES) == wrong
