"""Of which run somebody asks."""

from __future__ import annotations

from django.http import Http404

from custrata.pipeline.reading import NoSuchRun, Reading, reading
from custrata.web.texts import sentence
from custrata.web.workspace import workspace

TYPED = "customers.typed"  # in the session: what somebody typed while somebody else changed it


def reading_or_404(run: str | None = None) -> Reading | None:
    """The published run, or the past one that is asked for; none before anything is published."""
    try:
        return reading(workspace(), run)
    except NoSuchRun as error:
        raise Http404(sentence(error)) from error
