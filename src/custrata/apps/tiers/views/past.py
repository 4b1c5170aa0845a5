"""The past: how long customers stay in the tiers of a scheme, who moved most value, and what was corrected."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from custrata.apps.tiers.queries import past, runs
from custrata.apps.tiers.rights import SEE_RUNS, SEE_TIERS
from custrata.apps.tiers.views.asking import asked_run, choice, known_scheme, no_run
from custrata.pipeline.reading import NoSuchRun
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.rights import may


@needs(SEE_TIERS)
@require_safe
def history(request: HttpRequest, key: str) -> HttpResponse:
    """The past of a scheme: a page of its own, whose panels the scheme's page takes in."""
    run = asked_run(request)
    if run is None:
        return no_run(request)
    found = known_scheme(key, run)
    if not found.tiers:
        raise Http404
    shown: dict[str, Any] = {
        "run": run,
        "scheme": found,
        "stays": past.stays_panel(found),
        "movers": past.movers(found, run),
        "late_runs": past.late_runs(key),
        "may_see_runs": may(request.user, SEE_RUNS),
        **choice(run),
    }
    return render(request, "tiers/history.html", shown)


@needs(SEE_RUNS)
@require_safe
def corrections(request: HttpRequest, run_id: str) -> HttpResponse:
    """Whose tiers were corrected at a run, in one scheme or in all: what was said, and what is known now."""
    try:
        run = runs.run(run_id)
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
    scheme, asked = request.GET.get("scheme", ""), request.GET.get("from", "")
    start = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    rows = past.corrections(run, scheme=scheme, start=start, most=past.ROWS + 1)

    def at(place: int) -> str:
        query = {"scheme": scheme, "from": place}
        asks = urlencode({name: value for name, value in query.items() if value})
        return f"{reverse('tiers:corrections', args=[run.id])}{'?' if asks else ''}{asks}"

    page = {
        "rows": rows[: past.ROWS],
        "first": at(0) if start else "",
        "previous": at(max(0, start - past.ROWS)) if start else "",
        "next": at(start + past.ROWS) if len(rows) > past.ROWS else "",
    }
    shown = {"run": run, "page": page, "chosen": scheme, "schemes": past.corrected_by_scheme(run)}
    return render(request, "tiers/corrections.html", shown)
