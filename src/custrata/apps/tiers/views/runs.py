"""Runs: all of them, one, two side by side, and the start of a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.asking import asking_person
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.actions import start_refresh
from custrata.apps.tiers.forms import RefreshForm
from custrata.apps.tiers.queries import comparison, panels, past, refreshes, runs, schemes
from custrata.apps.tiers.queries.runs import RunFacts
from custrata.apps.tiers.rights import SEE_RUNS, WITHDRAW_RUNS
from custrata.apps.tiers.views.asking import known_scheme, no_run
from custrata.errors import Refused
from custrata.lake import Run
from custrata.pipeline.reading import NoSuchRun
from custrata.pipeline.telling import told_of
from custrata.report.panels import both
from custrata.report.pictures import flow
from custrata.report.tables import table_name
from custrata.web import texts
from custrata.web.gate import needs
from custrata.web.rights import may
from custrata.web.way_back import way_back
from custrata.wording import catalogue

PAGE = 50


@dataclass(frozen=True)
class RunRow(RunFacts):
    """A line of the list: a run, and who asked for it where that is known."""

    author: str


@dataclass(frozen=True)
class RunPage:
    """A page of runs, the newest first, with the addresses of its neighbours."""

    rows: Sequence[RunRow]
    first: str = ""
    previous: str = ""
    next: str = ""


@needs(SEE_RUNS)
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """The runs, the newest first, and the refresh that is under way."""
    found = runs.all_runs()
    if not found:
        return no_run(request)
    authors = refreshes.refresh_authors()
    shown = {
        "page": _page(found[::-1], request.GET.get("from", ""), authors),
        "newest_run": found[-1],
        "before_newest": found[-2] if len(found) > 1 else None,
        "authors": authors,
        "new_data": runs.new_imports(),
        "rebuilding": runs.rebuilding(),
        "withdrawn": runs.withdrawn(),
        "removed": runs.removed_since(None),
        "removed_last": runs.last_removed(),
        **_refreshing(request),
    }
    return render(request, "tiers/runs.html", shown)


@needs(SEE_RUNS)
@require_safe
def one_run(request: HttpRequest, run_id: str) -> HttpResponse:
    """One run: what it saw, what it took, and what came of it."""
    run = _known(run_id)
    seconds, saw = run.record["steps"], run.record["saw"]
    graded = [schemes.scheme(key, run) for key in schemes.graded_keys(run)]
    latest = runs.newest()
    shown = {
        "run": run,
        "newest": latest is not None and latest.id == run.id,
        "before": runs.run_before(run),
        "steps": [(_step(name), taken, taken / (max(seconds.values()) or 1)) for name, taken in seconds.items()],
        "facts": runs.run_facts(run),
        "seen": [
            (table_name(name, texts.writer("report")), rows, saw.get("versions", {}).get(name))
            for name, rows in saw["rows"].items()
        ],
        "schemes": [(found, panels.rungs(found, run)) for found in graded],
        "late": past.late_run(run),
        "corrected": past.corrections(run, most=10),
        "author": refreshes.refresh_authors().get(run.id, ""),
        "told": told_of(run, texts.writer("runs")),
        "may_withdraw": may(request.user, WITHDRAW_RUNS),
    }
    return render(request, "tiers/run.html", shown)


@needs(SEE_RUNS)
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Two runs side by side, the newest two by default, with one scheme in full."""
    found = runs.all_runs()
    if not found:
        return no_run(request)
    asked = request.GET.get("before", ""), request.GET.get("after", "")
    before = _known(asked[0] or found[max(0, len(found) - 2)].id)
    after = _known(asked[1] or found[-1].id)
    if before.id > after.id:
        before, after = after, before
    key = request.GET.get("scheme", "") or schemes.default_scheme(after)
    known_scheme(key, after)
    shown: dict[str, Any] = {"runs": runs.offered(before, after), "before": before, "after": after}
    if before.id == after.id:
        return render(request, "tiers/compare.html", {**shown, "same": True})
    moves = _moves(key, before, after, counted="moves" in request.GET)
    return render(request, "tiers/compare.html", {**shown, **_changes(key, before, after), **moves})


@needs(REFRESH)
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Start a refresh and go back to where one came from."""
    form = RefreshForm(request.POST)
    if not form.is_valid():
        messages.error(request, texts.text("tiers.refresh.bad_day"))
    else:
        try:
            wanted = {name: form.cleaned_data[name] for name in ("as_of", "learn")}
            start_refresh(**wanted, actor=asking_person(request), at=timezone.now())
            messages.success(request, texts.text("tiers.refresh.started"))
        except Refused as error:
            messages.error(request, texts.sentence(error))
    return HttpResponseRedirect(way_back(request, reverse("tiers:runs")))


def _step(name: str) -> str:
    """What a step of a refresh does, in words; of an unknown one its name."""
    return texts.text(f"cli.steps.{name}") if f"steps.{name}" in catalogue()["cli"] else name


def _refreshing(request: HttpRequest) -> dict[str, Any]:
    """What a page needs to start a refresh, or to show the one under way."""
    return {
        "job": refreshes.refresh_under_way(),
        "form": RefreshForm(),
        "may_refresh": may(request.user, REFRESH),
    }


def _changes(key: str, before: Run, after: Run) -> dict[str, Any]:
    """What changed between two runs: the numbers, the lines of every scheme, and all of the chosen one."""
    shared = [one for one in schemes.graded_keys(after) if one in schemes.graded_keys(before)]
    changes = {one: comparison.scheme_change(one, before, after) for one in shared}
    return {
        "headline": comparison.headline_change(before, after),
        "schemes": [change.scheme for change in changes.values()],
        "changed": [change for change in changes.values() if change.moved_lines],
        "change": changes.get(key),
        "chosen": key,
    }


def _moves(key: str, before: Run, after: Run, *, counted: bool) -> dict[str, Any]:
    """The moves of a scheme: at once where they are recorded, otherwise when they are asked for."""
    neighbour = runs.run_before(after)
    if not counted and (neighbour is None or neighbour.id != before.id):
        asked = {"before": before.id, "after": after.id, "scheme": key, "moves": 1}
        return {"moves_later": f"{reverse('tiers:compare')}?{urlencode(asked)}"}
    found = comparison.moves_between(key, before, after)
    recorded = neighbour is not None and neighbour.id == before.id == after.record["before"]
    link = panels.customers_href(after, moved=f"{key}:") if recorded else ""
    picture = both(partial(flow, found, texts.writer("report"), link=link))
    sums = {way: found.moved(way) for way in ("up", "down", "stay")}
    return {"moves": {"picture": picture, "matrix": panels.matrix(found, link), **sums}}


def _page(found: Sequence[Run], start: str, authors: Mapping[str, str]) -> RunPage:
    """The runs from one on; ids begin with their instant, so an id that is gone still says where to begin."""
    begin = next((place for place, run in enumerate(found) if run.id <= start), 0) if start else 0
    address = reverse("tiers:runs")

    def at(place: int) -> str:
        return address if place <= 0 else f"{address}?from={found[place].id}"

    later = at(begin + PAGE) if begin + PAGE < len(found) else ""
    facts = [runs.run_facts(run) for run in found[begin : begin + PAGE]]
    rows = [RunRow(**vars(run), author=authors.get(run.id, "")) for run in facts]
    return RunPage(rows, at(0) if begin else "", at(begin - PAGE) if begin else "", later)


def _known(run_id: str) -> Run:
    try:
        return runs.run(run_id)
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
