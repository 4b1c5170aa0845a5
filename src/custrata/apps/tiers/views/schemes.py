"""The list of schemes, one scheme, and the RFM map."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from custrata.apps.customers.rights import EXPORT
from custrata.apps.tiers.queries import panels, runs, schemes, sheets, values
from custrata.apps.tiers.rights import SEE_TIERS
from custrata.apps.tiers.views.lookups import no_run, run_choices, run_or_404, scheme_or_404
from custrata.pipeline.reading import GradedRun
from custrata.pipeline.reading.figures import SchemeSummary
from custrata.report.panels import in_both_widths
from custrata.report.pictures import bars, calibration, distribution, silence
from custrata.report.pictures import rfm_map as rfm_picture
from custrata.report.tables import calibration_table, histogram_table, rfm_table, silence_table, sizes_table
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.manifest import Entry, SchemePart, function, manifests
from custrata.web.rights import may


@needs(SEE_TIERS)
@require_safe
def scheme_list(request: HttpRequest) -> HttpResponse:
    """Every scheme as a card."""
    run = run_or_404(request)
    if run is None:
        return no_run(request)
    cards, parts = [], _parts(request)
    for key in schemes.graded_keys(run):
        scheme = schemes.scheme(key, run)
        card = {"scheme": scheme, "rungs": panels.rungs(scheme, run), "small": panels.small(scheme)}
        cards.append({**card, "badges": [(part.badges, by_key[key]) for part, by_key in parts if key in by_key]})
    waiting = [schemes.scheme(key, run) for key in schemes.scheme_keys(run) if key not in schemes.graded_keys(run)]
    context = {
        "run": run,
        "cards": cards,
        "waiting": waiting,
        "ungraded": [(part.card, by_key[key]) for part, by_key in parts for key in by_key if key not in run.schemes],
        "buttons": [button for part, _ in parts for button in part.buttons if _may_open(request, button)],
        **run_choices(run),
    }
    return render(request, "tiers/list.html", context)


def _parts(request: HttpRequest) -> list[tuple[SchemePart, Mapping[str, Any]]]:
    """What apps add to the pages of schemes, with the variables of their templates by scheme."""
    declared = [part for app in manifests() for part in app.scheme_parts]
    return [(part, function(part.context)(request)) for part in declared]


def _may_open(request: HttpRequest, button: Entry) -> bool:
    return button.right is None or may(request.user, button.right)


@needs(SEE_TIERS)
@require_safe
def one_scheme(request: HttpRequest, key: str) -> HttpResponse:
    """One scheme at a run."""
    run = run_or_404(request)
    if run is None:
        return no_run(request)
    scheme = scheme_or_404(key, run)
    context: dict[str, Any] = {
        "run": run,
        "scheme": scheme,
        "decided": schemes.explanation(key, run),
        "parts": [(part, by_key[key]) for part, by_key in _parts(request) if key in by_key],
        "may_export": may(request.user, EXPORT),
        "excel_fits": scheme.customers <= sheets.MOST_IN_EXCEL,
        **run_choices(run),
    }
    if scheme.tiers:
        before = runs.run_before(run)
        context |= {
            "rungs": panels.rungs(scheme, run),
            "rings": panels.rings_panel(scheme, run),
            "moves": panels.moves_panel(scheme, run) if scheme.moves else None,
            "before": before,
            "history": panels.history_panel(scheme),
            **_values(scheme, run, counted="values" in request.GET),
            **(_silence(run) if key == "lifecycle" else {}),
        }
    return render(request, "tiers/scheme.html", context)


@needs(SEE_TIERS)
@require_safe
def rings(request: HttpRequest, key: str) -> HttpResponse:
    """The rings of a scheme at a run of its history, requested by the slider."""
    run = runs.newest()
    if run is None:
        return no_run(request)
    scheme = scheme_or_404(key, run)
    place = request.GET.get("place", "")
    panel = panels.rings_panel(scheme, run, int(place) if place.isdecimal() and len(place) < 6 else None)
    name = "tiers/parts/rings.html" if request.headers.get("HX-Request") else "tiers/rings.html"
    return render(request, name, {"run": run, "scheme": scheme, "rings": panel})


@needs(SEE_TIERS)
@require_safe
def rfm_map(request: HttpRequest) -> HttpResponse:
    """The RFM map with its labels and groups."""
    run = run_or_404(request)
    if run is None:
        return no_run(request)
    scheme, write = scheme_or_404("rfm", run), texts.writer("report")
    cells = schemes.rfm_cells(run)
    link = panels.customers_href(run, rfm="")
    context = {
        "run": run,
        "scheme": scheme,
        "rungs": panels.rungs(scheme, run),
        "map": in_both_widths(partial(rfm_picture, cells, write, link=link)),
        "map_table": rfm_table(cells, write),
        "labels": in_both_widths(partial(bars, cells.labels, write, write("rfm.labels"))),
        "labels_table": sizes_table(cells.labels, write),
        "decided": schemes.explanation("rfm", run),
        **run_choices(run),
    }
    return render(request, "tiers/rfm_map.html", context)


def _values(scheme: SchemeSummary, run: GradedRun, *, counted: bool) -> dict[str, Any]:
    """The histogram of the value if it is recorded or requested, else `values_later`."""
    if not counted and values.is_counted(run.schemes[scheme.key]):
        return {"values_later": True}
    spread, drawn = values.value_histogram(run, scheme.key, texts.language()), schemes.lines(scheme.key, run, scheme)
    if spread is None or drawn is None:
        return {}
    write = texts.writer("report")
    return {
        "values": in_both_widths(partial(distribution, spread, drawn, write)),
        "values_name": spread.name,
        "values_table": histogram_table(spread, write),
    }


def _silence(run: GradedRun) -> dict[str, Any]:
    curve, write = schemes.silence_curve(run), texts.writer("report")
    return {
        "silence": curve,
        "silence_chart": panels.silence_chart(curve),
        "silence_fallback": silence(curve, write),
        "silence_table": silence_table(curve, write),
        "calibration": in_both_widths(partial(calibration, curve, write)) if curve.claims else None,
        "calibration_table": calibration_table(curve, write),
        "learned_dates": curve.dates - curve.test_dates,
    }
