"""Schemes: all of them, one of them, and the RFM map."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from custrata.apps.customers.rights import EXPORT
from custrata.apps.tiers.queries import panels, runs, schemes, sheets, values
from custrata.apps.tiers.queries.drafts import standing, standings
from custrata.apps.tiers.rights import EDIT_SCHEMES, SEE_DRAFTS, SEE_TIERS
from custrata.apps.tiers.views.asking import asked_run, choice, known_scheme, no_run
from custrata.lake import Run
from custrata.report import Scheme
from custrata.report.panels import both
from custrata.report.pictures import bars, calibration, distribution, silence
from custrata.report.pictures import rfm_map as rfm_picture
from custrata.report.tables import calibration_table, histogram_table, rfm_table, silence_table, sizes_table
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.rights import may


@needs(SEE_TIERS)
@require_safe
def scheme_list(request: HttpRequest) -> HttpResponse:
    """Every scheme as a card."""
    run = asked_run(request)
    if run is None:
        return no_run(request)
    cards, where = [], standings()
    for key in schemes.graded_keys(run):
        found = schemes.scheme(key, run)
        card = {"scheme": found, "rungs": panels.rungs(found, run), "small": panels.small(found)}
        cards.append({**card, "standing": where.get(key)})
    waiting = [schemes.scheme(key, run) for key in schemes.scheme_keys(run) if key not in schemes.graded_keys(run)]
    known = run.record["schemes"]
    drafted = may(request.user, SEE_DRAFTS)
    coming = [(one, one.name) for key, one in where.items() if key not in known and (drafted or one.latest)]
    shown = {"run": run, "cards": cards, "waiting": waiting, "coming": coming, **_rights(request), **choice(run)}
    return render(request, "tiers/list.html", shown)


def _rights(request: HttpRequest) -> dict[str, bool]:
    """What a page about schemes offers to whom."""
    return {
        "may_edit": may(request.user, EDIT_SCHEMES),
        "may_see_drafts": may(request.user, SEE_DRAFTS),
    }


@needs(SEE_TIERS)
@require_safe
def one_scheme(request: HttpRequest, key: str) -> HttpResponse:
    """One scheme at a run."""
    run = asked_run(request)
    if run is None:
        return no_run(request)
    found = known_scheme(key, run)
    shown: dict[str, Any] = {
        "run": run,
        "scheme": found,
        "decided": schemes.decided(key, run),
        "standing": standing(key),
        "may_export": may(request.user, EXPORT),
        **_rights(request),
        "excel_fits": found.customers <= sheets.MOST_IN_EXCEL,
        **choice(run),
    }
    if found.tiers:
        before = runs.run_before(run)
        shown |= {
            "rungs": panels.rungs(found, run),
            "rings": panels.rings_panel(found, run),
            "moves": panels.moves_panel(found, run) if found.moves else None,
            "before": before,
            "history": panels.history_panel(found),
            **_values(found, run, counted="values" in request.GET),
            **(_silence(run) if key == "lifecycle" else {}),
        }
    return render(request, "tiers/scheme.html", shown)


@needs(SEE_TIERS)
@require_safe
def rings(request: HttpRequest, key: str) -> HttpResponse:
    """The rings of a scheme at any run of its history: what the slider asks for."""
    run = runs.newest()
    if run is None:
        return no_run(request)
    found = known_scheme(key, run)
    place = request.GET.get("place", "")
    panel = panels.rings_panel(found, run, int(place) if place.isdecimal() and len(place) < 6 else None)
    name = "tiers/parts/rings.html" if request.headers.get("HX-Request") else "tiers/rings.html"
    return render(request, name, {"run": run, "scheme": found, "rings": panel})


@needs(SEE_TIERS)
@require_safe
def rfm_map(request: HttpRequest) -> HttpResponse:
    """The RFM map with its labels and groups."""
    run = asked_run(request)
    if run is None:
        return no_run(request)
    found, write = known_scheme("rfm", run), texts.writer("report")
    cells = schemes.rfm_cells(run)
    link = panels.customers_href(run, rfm="")
    shown = {
        "run": run,
        "scheme": found,
        "rungs": panels.rungs(found, run),
        "map": both(partial(rfm_picture, cells, write, link=link)),
        "map_table": rfm_table(cells, write),
        "labels": both(partial(bars, cells.labels, write, write("rfm.labels"))),
        "labels_table": sizes_table(cells.labels, write),
        "decided": schemes.decided("rfm", run),
        **choice(run),
    }
    return render(request, "tiers/rfm_map.html", shown)


def _values(found: Scheme, run: Run, *, counted: bool) -> dict[str, Any]:
    """The spread of the value, where the run recorded it or it is asked for; `values_later` where it may be asked."""
    if not counted and values.is_counted(found.key, run.record["schemes"][found.key]):
        return {"values_later": True}
    spread, drawn = values.value_histogram(run, found.key, texts.language()), schemes.lines(found.key, run, found)
    if spread is None or drawn is None:
        return {}
    write = texts.writer("report")
    return {
        "values": both(partial(distribution, spread, drawn, write)),
        "values_name": spread.name,
        "values_table": histogram_table(spread, write),
    }


def _silence(run: Run) -> dict[str, Any]:
    curve, write = schemes.silence_curve(run), texts.writer("report")
    return {
        "silence": curve,
        "silence_chart": panels.silence_chart(curve),
        "silence_fallback": silence(curve, write),
        "silence_table": silence_table(curve, write),
        "calibration": both(partial(calibration, curve, write)) if curve.claims else None,
        "calibration_table": calibration_table(curve, write),
        "learned_dates": curve.dates - curve.test_dates,
    }
