"""History pages: durations of stays, biggest movers, and corrections."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from custrata.apps.tiers.queries import past, runs
from custrata.apps.tiers.rights import SEE_RUNS, SEE_TIERS
from custrata.apps.tiers.views.lookups import no_run, run_choices, run_or_404, scheme_or_404
from custrata.pipeline.reading import NoSuchRun
from custrata.pipeline.reading.corrections import corrected_by_scheme, corrections_of
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.rights import may


@needs(SEE_TIERS)
@require_safe
def history(request: HttpRequest, key: str) -> HttpResponse:
    """The history of a scheme; its panels are also loaded into the scheme's page."""
    run = run_or_404(request)
    if run is None:
        return no_run(request)
    scheme = scheme_or_404(key, run)
    if not scheme.tiers:
        raise Http404
    context: dict[str, Any] = {
        "run": run,
        "scheme": scheme,
        "stays": past.stays_panel(scheme),
        "movers": past.movers(scheme, run),
        "late_runs": past.late_runs(key),
        "may_see_runs": may(request.user, SEE_RUNS),
        **run_choices(run),
    }
    return render(request, "tiers/history.html", context)


@needs(SEE_RUNS)
@require_safe
def corrections(request: HttpRequest, run_id: str) -> HttpResponse:
    """The corrections at a run, in one scheme or in all, with the previous and the current tier."""
    try:
        run = runs.run(run_id)
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
    scheme, offset = request.GET.get("scheme", ""), request.GET.get("from", "")
    start = int(offset) if offset.isdecimal() and len(offset) < 10 else 0
    rows = corrections_of(run, scheme=scheme, start=start, most=past.ROWS + 1)

    def at(place: int) -> str:
        query = {"scheme": scheme, "from": place}
        params = urlencode({name: value for name, value in query.items() if value})
        return f"{reverse('tiers:corrections', args=[run.id])}{'?' if params else ''}{params}"

    page = {
        "rows": rows[: past.ROWS],
        "first": at(0) if start else "",
        "previous": at(max(0, start - past.ROWS)) if start else "",
        "next": at(start + past.ROWS) if len(rows) > past.ROWS else "",
    }
    context = {"run": run, "page": page, "chosen": scheme, "schemes": corrected_by_scheme(run)}
    return render(request, "tiers/corrections.html", context)
