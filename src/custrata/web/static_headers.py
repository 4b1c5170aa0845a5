"""Headers of static files, beside those of WhiteNoise."""

from __future__ import annotations

from wsgiref.headers import Headers

MODULES = "/web/charts/"


def revalidate_modules(headers: Headers, path: str, url: str) -> None:
    """Let browsers revalidate modules, which import each other by addresses without a version."""
    if MODULES in url:
        headers["Cache-Control"] = "no-cache"
