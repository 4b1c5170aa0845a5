"""Context variables of every template, without database queries."""

from __future__ import annotations

from django.http import HttpRequest

import custrata
from custrata.errors import CustrataError
from custrata.web import texts
from custrata.web.navigation import menu
from custrata.web.preferences import theme_of
from custrata.web.workspace import workspace
from custrata.wording import LANGUAGES, phrase

SHORT = {"zh-hans": "简", "zh-hant": "繁", "en": "EN"}


def page(request: HttpRequest) -> dict[str, object]:
    """`language`, `language_tag`, `languages`, `theme`, `menu`, `workspace_name`, `version`."""
    person = getattr(request, "user", None)
    return {
        "language": texts.language(),
        "language_tag": texts.tag(),
        "languages": [
            {"key": key, "tag": texts.TAGS[key], "name": phrase("languages", "own", key), "short": SHORT[key]}
            for key in LANGUAGES
        ],
        "theme": theme_of(request),
        "menu": menu(person, request.path) if person else {},
        "workspace_name": _workspace_name(),
        "version": getattr(custrata, "__version__", ""),
    }


def _workspace_name() -> str:
    try:
        return workspace().settings.name
    except CustrataError:
        return ""
