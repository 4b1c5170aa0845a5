"""Templates contain no text but existing phrases, and nothing that the content security policy forbids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from string import Formatter

import pytest

from custrata.wording import catalogue

Templates = dict[str, str]

PHRASE_TAG = re.compile(r'{%\s*(?P<tag>text|text_count)\s+["\'](?P<name>[\w.]+)["\'](?P<rest>[^%]*)%}')
ARGUMENT = re.compile(r"(\w+)=")
AS = re.compile(r"\s+as\s+\w+\s*$")
NOT_TEXT = re.compile(
    r"{%\s*comment\s*%}.*?{%\s*endcomment\s*%}|{%.*?%}|{{.*?}}|{#.*?#}|<!--.*?-->|&\w+;"
    r"|<(script|style|code|kbd)\b.*?</\1>",
    re.DOTALL,
)
SPOKEN = re.compile(r'\s(?:title|aria-label|placeholder|alt|aria-description)=(["\'])(.*?)\1', re.DOTALL)
ELEMENT = re.compile(r"<[^>]*>", re.DOTALL)
LETTERS = re.compile(r"[^\W\d_]{2,}")
NAMES = {"Custrata", "RFM", "CSV", "Excel"}
FORBIDDEN = {
    "a style in markup": re.compile(r"<style\b|\sstyle=", re.I),
    "a script in markup": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*application/json)", re.I),
    "a handler in markup": re.compile(r"\son\w+=|\shx-on\b|javascript:", re.I),
    "something from the network": re.compile(
        r"<(?:script|link|img|iframe|source|use)\b[^>]*=[\"']?(?:https?:)?//", re.I
    ),
    "a link without address": re.compile(r"<a\b(?![^>]*\bhref=)", re.I),
    "a text marked safe": re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off"),
}
LONGEST_LINE = 200
FORM = re.compile(r"<form\b[^>]*\bmethod=[\"']?post.*?</form>", re.I | re.DOTALL)


def phrases_used(text: str) -> Iterator[tuple[str, set[str]]]:
    """Every phrase that a template asks for, with the facts it gives."""
    for match in PHRASE_TAG.finditer(text):
        facts = set(ARGUMENT.findall(AS.sub("", re.sub(r'"[^"]*"|\'[^\']*\'', "", match["rest"]))))
        for form in (".one", ".other") if match["tag"] == "text_count" else ("",):
            yield match["name"] + form, facts | ({"number"} if form else set())


def facts_of(name: str) -> set[str] | None:
    """The facts of a phrase, none where there is no such phrase."""
    area, _, rest = name.partition(".")
    texts = catalogue().get(area, {}).get(rest)
    return {fact for _, fact, _, _ in Formatter().parse(texts["en"]) if fact is not None} if texts else None


def mismatched_phrases(text: str) -> list[str]:
    """Phrases asked for that do not exist, or that take other facts."""
    return [
        name for name, facts in phrases_used(text) if facts_of(name) is None or not (facts_of(name) or set()) <= facts
    ]


def untranslated(text: str) -> list[str]:
    """Words of the text and of spoken attributes that are not phrases."""
    bare = NOT_TEXT.sub(" ", text)
    texts = [*(match[2] for match in SPOKEN.finditer(bare)), ELEMENT.sub(" ", bare)]
    return [word for part in texts for word in LETTERS.findall(part) if word not in NAMES]


def forms_without_token(text: str) -> list[str]:
    return [form[0][:60] for form in FORM.finditer(text) if "csrf_token" not in form[0]]


def long_lines(text: str) -> list[str]:
    """The lines that are too long to read, by their number."""
    lines = enumerate(text.splitlines(), 1)
    return [f"line {number}: {len(line)} characters" for number, line in lines if len(line) > LONGEST_LINE]


def faults(by_path: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
    return {path: wrong for path, wrong in by_path if wrong}


def test_templates_ask_for_phrases_that_exist_with_their_facts(templates: Templates) -> None:
    assert faults((path, mismatched_phrases(text)) for path, text in templates.items()) == {}


def test_templates_say_nothing_that_is_not_translated(templates: Templates) -> None:
    assert faults((path, untranslated(text)) for path, text in templates.items()) == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_templates_hold_nothing_forbidden(templates: Templates, what: str) -> None:
    assert [path for path, text in templates.items() if FORBIDDEN[what].search(text)] == []


def test_every_form_that_changes_something_has_its_token(templates: Templates) -> None:
    assert faults((path, forms_without_token(text)) for path, text in templates.items()) == {}


def test_no_line_of_a_template_is_longer_than_can_be_read(root: Path) -> None:
    paths = sorted((root / "src").rglob("*.html"))
    assert faults((str(path.relative_to(root)), long_lines(path.read_text("utf-8"))) for path in paths) == {}


def test_every_icon_named_in_a_template_is_in_the_sprite(root: Path, templates: Templates) -> None:
    sprite = (root / "src/custrata/web/static/vendor/icons.svg").read_text("utf-8")
    named = {name for text in templates.values() for name in re.findall(r'{%\s*icon\s+["\']([\w-]+)["\']', text)}
    assert {name for name in named if f'id="{name}"' not in sprite} == set(), "python hatch_build.py adds new icons"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('<p>{% text "web.menu" %} · {{ name }}</p>', []),
        ("<p>Hello</p>", ["Hello"]),
        ('<input placeholder="搜索">', ["搜索"]),
        ("{# a remark #}{% comment %}another{% endcomment %}<script>var x</script>", []),
    ],
)
def test_sees_what_is_not_translated(text: str, words: list[str]) -> None:
    assert untranslated(text) == words


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{% text "web.menu" %}', []),
        ('{% text "web.no_such" %}', ["web.no_such"]),
        ('{% text "web.reference" %}', ["web.reference"]),
        ('{% text "web.reference" reference=request.id as told %}', []),
        ('{% text_count "web.menu" 3 %}', ["web.menu.one", "web.menu.other"]),
    ],
)
def test_sees_what_is_wrongly_asked_for(text: str, wrong: list[str]) -> None:
    assert mismatched_phrases(text) == wrong


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('<b style="color:red">', "a style in markup"),
        ("<script>alert()</script>", "a script in markup"),
        ('<a href="#" onclick="x()">', "a handler in markup"),
        ('<img src="https://elsewhere.example/x.png">', "something from the network"),
        ('<a class="btn">', "a link without address"),
        ("{{ name|safe }}", "a text marked safe"),
    ],
)
def test_sees_what_is_forbidden(text: str, what: str) -> None:
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == [what]


def test_sees_a_form_without_token() -> None:
    assert len(forms_without_token('<form method="post"><button></button></form>')) == 1


def test_sees_a_line_that_is_too_long() -> None:
    assert long_lines("short\n" + "x" * 201 + "\n" + "x" * 200) == ["line 2: 201 characters"]
