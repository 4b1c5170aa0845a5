"""History pages: durations of stays, biggest movers, and corrections."""

from __future__ import annotations

from typing import Any, cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from custrata.apps.tiers.queries import past, runs
from custrata.apps.tiers.rights import SEE_RUNS, SEE_TIERS
from custrata.apps.tiers.views.lookups import no_run, run_choices, run_or_404, scheme_or_404
from custrata.pipeline.reading import NoSuchRun
from custrata.pipeline.reading.corrections import Correction, Place, corrected_by_scheme, corrections_of
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.lists import Column, Empty, Listing, columns, read_page
from custrata.web.paging import Cursor
from custrata.web.rights import may

CORRECTIONS = Listing(
    "tiers.history.late",
    columns("history.heads", "customer", "scheme", "was", "is", "corrected_at"),
    "tiers/parts/correction_row.html",
)
NO_CORRECTIONS = Empty("circle-check", "history.corrected_nothing")
MOVERS = Listing(
    "tiers.history.movers",
    (*columns("history.heads", "customer"), *columns("tiers.history", "move"), Column("history.heads.spend", "number")),
    "tiers/parts/mover_row.html",
)
LATE_RUNS = Listing(
    "tiers.history.late",
    (
        *columns("tiers", "run"),
        *columns("tiers.history", "late_customers", "corrected", late_customers="number", corrected="number"),
    ),
    "tiers/parts/late_run_row.html",
)


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
        "movers": MOVERS.table(past.movers(scheme, run), empty=Empty("arrows-diff", "tiers.history.nobody")),
        "late_runs": LATE_RUNS.table(past.late_runs(key)),
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
    scheme = request.GET.get("scheme", "")

    def read(cursor: Cursor | None) -> list[Correction]:
        after = cast("Place", cursor.key) if cursor else None
        backwards = bool(cursor and cursor.backwards)
        return corrections_of(run, scheme=scheme, after=after, backwards=backwards, most=past.ROWS + 1)

    page = read_page(request, read, key=lambda row: row.place, of="corrections", limit=past.ROWS)
    table = CORRECTIONS.table(page.rows, page=page, empty=NO_CORRECTIONS)
    context = {"run": run, "table": table, "chosen": scheme, "schemes": corrected_by_scheme(run)}
    return render(request, "tiers/corrections.html", context)
