"""The language of a command: given by option or variable, else by the locale of the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass

from custrata.wording import LANGUAGES, language_named

LANGUAGE = "CUSTRATA_LANGUAGE"
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG")
CHINESE = re.compile(r"zh(?:[_-](?P<script>hans|hant))?(?:[_-](?P<region>[a-z]{2}))?(?:[.@].*)?", re.IGNORECASE)
TRADITIONAL = {"TW", "HK", "MO"}
NO_LANGUAGE = re.compile(r"(?:C|POSIX)?(?:\..*)?")


@dataclass(frozen=True)
class LanguageChoice:
    """A language, and whether it was requested explicitly."""

    language: str
    requested: bool = False


ENGLISH = LanguageChoice("en")
_current: ContextVar[LanguageChoice] = ContextVar("spoken", default=ENGLISH)


def set_environment_language(environ: Mapping[str, str]) -> None:
    """Set the language from the environment; an option may override it later.

    Raises `UnknownLanguage` for an unsupported `CUSTRATA_LANGUAGE`.
    """
    _current.set(LanguageChoice(environment_language(environ)))
    if environ.get(LANGUAGE):
        set_language(language_named(environ[LANGUAGE]))


def set_language(language: str) -> None:
    """Set the language requested by an option."""
    _current.set(LanguageChoice(language, requested=True))


def current_language() -> str:
    """The language of messages, errors and help."""
    return _current.get().language


def requested_language() -> str | None:
    """The explicitly requested language, if any."""
    return current_language() if _current.get().requested else None


def environment_language(environ: Mapping[str, str]) -> str:
    """The language of the locale: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set.

    As in gettext, a list in `LANGUAGE` takes precedence, except where the locale is `C` or `POSIX`. Unsupported
    languages are skipped; the default is English.

    >>> environment_language({"LANG": "zh_CN.UTF-8"}), environment_language({"LANG": "zh_HK", "LC_ALL": "de_DE"})
    ('zh-hans', 'en')
    >>> environment_language({"LANG": "en_US.UTF-8", "LANGUAGE": "fr:zh_TW:en"})
    'zh-hant'
    """
    locale = next((environ[name] for name in LOCALE if environ.get(name)), "C")
    if NO_LANGUAGE.fullmatch(locale):
        return "en"
    names = (environ.get("LANGUAGE") or locale).split(":")
    return next((language for name in names if (language := _of_locale(name))), "en")


def _of_locale(name: str) -> str | None:
    """The language of a name such as zh_TW.UTF-8, zh-Hant-HK or en_GB."""
    if named := CHINESE.fullmatch(name):
        script, region = (named["script"] or "").lower(), (named["region"] or "").upper()
        return f"zh-{script or ('hant' if region in TRADITIONAL else 'hans')}"
    return "en" if re.match(r"en(?![a-z])", name, re.IGNORECASE) else None


def valid(language: str | None) -> str | None:
    """The normalised value of an option. Raises `UnknownLanguage`."""
    return None if language is None else language_named(language)


def is_language(name: object) -> bool:
    """Whether a language of that name is supported."""
    return isinstance(name, str) and name.lower() in LANGUAGES
