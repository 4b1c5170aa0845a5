"""Texts of pages, in the language of the request, or of the process outside of requests."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.dates import format_timedelta
from django.conf import settings
from django.utils import timezone, translation
from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeData, SafeString, mark_safe

from custrata.errors import CustrataError
from custrata.web.workspace import workspace
from custrata.wording import LANGUAGES, error_sentence, phrase
from custrata.wording.writer import LOCALES, Writer

TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}


def language() -> str:
    """The language in use: one of `custrata.wording.LANGUAGES`."""
    code = translation.get_language()
    return code if code in LANGUAGES else settings.LANGUAGE_CODE


def tag() -> str:
    """The language in use as HTML and HTTP name it."""
    return TAGS[language()]


def writer(area: str = "web") -> Writer:
    """Writes numbers, money and dates for this reader: their language, the workspace's currency and time zone."""
    settings_of_workspace = workspace().settings
    return Writer(language(), settings_of_workspace.currency, settings_of_workspace.timezone, area)


def text(name: str, /, **facts: object) -> str:
    """The phrase `area.name` with its facts; numbers and dates among them are written as the language does.

    Plain text, to be escaped in HTML.
    """
    area, _, rest = name.partition(".")
    return phrase(area, rest, language(), **{key: written(value) for key, value in facts.items()})


def html(name: str, /, **facts: object) -> SafeString:
    """The phrase as HTML: escaped, but for facts that are HTML already."""
    area, _, rest = name.partition(".")
    escaped = {key: _escaped(value) for key, value in facts.items()}
    template = escape(phrase(area, rest, language()))
    return mark_safe(template.format(**escaped) if escaped else template)


def _escaped(value: object) -> str:
    fact = written(value)
    return conditional_escape(fact if isinstance(fact, SafeData | str) else str(fact))


def counted(name: str, number: int) -> str:
    """The name of the phrase that counts so many: `name.one` or `name.other`."""
    return f"{name}.{'one' if number == 1 else 'other'}"


def count(name: str, number: int, /, **facts: object) -> str:
    """The phrase that counts: `name.one` or `name.other`, with the number as the fact `number`."""
    return text(counted(name, number), number=number, **facts)


def sentence(error: CustrataError) -> str:
    """The message of an error in the current language."""
    return error_sentence(error, language())


def written(value: object) -> object:
    """A fact for a phrase: numbers, days and instants are formatted, other values unchanged."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return writer().number(value)
    if isinstance(value, datetime):
        return writer().instant(value)
    return writer().day(value) if isinstance(value, date) else value


def ago(value: datetime) -> str:
    """How long ago an instant was, in words."""
    passed = value - timezone.now()
    return format_timedelta(passed, threshold=1.2, add_direction=True, locale=LOCALES[language()])
