"""The run that a request is about."""

from __future__ import annotations

from django.http import Http404

from custrata.pipeline.reading import NoSuchRun, Reading, reading
from custrata.web.texts import sentence
from custrata.web.workspace import workspace

TYPED = "customers.typed"  # in the session: input that was rejected because of a concurrent change


def reading_or_404(run: str | None = None) -> Reading | None:
    """The published run, or the requested past one; None before the first run, 404 if it does not exist."""
    try:
        return reading(workspace(), run)
    except NoSuchRun as error:
        raise Http404(sentence(error)) from error
