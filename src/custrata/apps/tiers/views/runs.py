"""Runs: list, details, comparison, and starting a refresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.forms import BoundField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from custrata.apps.accounts.views.current_user import current_user
from custrata.apps.jobs.rights import REFRESH
from custrata.apps.tiers.actions import start_refresh
from custrata.apps.tiers.forms import RefreshForm
from custrata.apps.tiers.queries import comparison, panels, past, refreshes, runs, schemes
from custrata.apps.tiers.queries.runs import RunFacts
from custrata.apps.tiers.rights import SEE_RUNS, WITHDRAW_RUNS
from custrata.apps.tiers.views.lookups import no_run, scheme_or_404
from custrata.apps.tiers.views.past import CORRECTIONS
from custrata.pipeline.reading import GradedRun, NoSuchRun
from custrata.pipeline.reading.corrections import corrections_of
from custrata.pipeline.run_notes import describe_run
from custrata.report.panels import in_both_widths
from custrata.report.pictures import flow
from custrata.report.tables import table_name
from custrata.web import texts
from custrata.web.forms import select
from custrata.web.gate import needs
from custrata.web.lists import Kind, Listing, Table, columns, read_page, rows_below
from custrata.web.posting import redirect_after, show_message
from custrata.web.redirects import safe_next
from custrata.web.rights import may
from custrata.wording import catalogue

PAGE = 50
NUMBERS: dict[str, Kind] = dict.fromkeys(("customers", "active", "spend", "seconds"), "number")
RUNS = Listing(
    "tiers.runs.list",
    columns(
        *("tiers.runs", "earlier", "later", "as_of", "customers", "active", "spend", "seconds", "at", "by"),
        **NUMBERS,
        earlier="choice",
        later="choice",
    ),
    "tiers/parts/run_row.html",
)
INPUTS = Listing(
    "tiers.one_run.seen",
    columns("tiers.one_run", "table", "rows", "version", rows="number", version="number"),
    "tiers/parts/input_row.html",
)


@dataclass(frozen=True)
class RunRow(RunFacts):
    """A row of the list: a run, and who requested it, if known."""

    author: str


@needs(SEE_RUNS)
@require_safe
def run_list(request: HttpRequest) -> HttpResponse:
    """The list of runs, newest first, and the current refresh."""
    all_runs = runs.all_runs()
    if not all_runs:
        return no_run(request)
    authors = refreshes.refresh_authors()
    context = {
        "table": _table(request, all_runs[::-1], authors),
        "newest_run": all_runs[-1],
        "before_newest": all_runs[-2] if len(all_runs) > 1 else None,
        "authors": authors,
        "new_data": runs.new_imports(),
        "rebuilding": runs.rebuild_started_at(),
        "withdrawn": runs.withdrawn(),
        "removed": runs.count_removed_since(None),
        "removed_last": runs.last_removed(),
        **_refreshing(request),
    }
    return render(request, "tiers/runs.html", context)


@needs(SEE_RUNS)
@require_safe
def one_run(request: HttpRequest, run_id: str) -> HttpResponse:
    """One run: input data, duration and results."""
    run = _run_or_404(run_id)
    seconds = run.steps
    graded = [schemes.scheme(key, run) for key in schemes.graded_keys(run)]
    latest = runs.newest()
    corrected = corrections_of(run, most=10)
    context = {
        "run": run,
        "newest": latest is not None and latest.id == run.id,
        "before": runs.run_before(run),
        "steps": [(_step(name), taken, taken / (max(seconds.values()) or 1)) for name, taken in seconds.items()],
        "facts": runs.run_facts(run),
        "inputs": INPUTS.table(_input_rows(run)),
        "schemes": [(scheme, panels.rungs(scheme, run)) for scheme in graded],
        "late": past.late_run(run),
        "corrected": bool(corrected),
        "corrections": CORRECTIONS.table(corrected),
        "author": refreshes.refresh_authors().get(run.id, ""),
        "told": describe_run(run, texts.writer("runs")),
        "may_withdraw": may(request.user, WITHDRAW_RUNS),
    }
    return render(request, "tiers/run.html", context)


@needs(SEE_RUNS)
@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Compare two runs, by default the newest two, with one scheme in full."""
    all_runs = runs.all_runs()
    if not all_runs:
        return no_run(request)
    chosen = request.GET.get("before", ""), request.GET.get("after", "")
    before = _run_or_404(chosen[0] or all_runs[max(0, len(all_runs) - 2)].id)
    after = _run_or_404(chosen[1] or all_runs[-1].id)
    if before.id > after.id:
        before, after = after, before
    key = request.GET.get("scheme", "") or schemes.default_scheme(after)
    scheme_or_404(key, after)
    context: dict[str, Any] = {"compared": _compared(before, after), "before": before, "after": after}
    if before.id == after.id:
        return render(request, "tiers/compare.html", {**context, "same": True})
    moves = _moves(key, before, after, counted="moves" in request.GET)
    return render(request, "tiers/compare.html", {**context, **_changes(key, before, after), **moves})


@needs(REFRESH)
@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Start a refresh and return to the previous page."""
    form = RefreshForm(request.POST)
    back = safe_next(request, reverse("tiers:runs"))
    if not form.is_valid():
        show_message(request, texts.text("tiers.refresh.bad_day"), "error")
        return HttpResponseRedirect(back)
    options = {name: form.cleaned_data[name] for name in ("as_of", "learn")}
    return redirect_after(
        request,
        lambda: start_refresh(**options, actor=current_user(request), at=timezone.now()),
        texts.text("tiers.refresh.started"),
        to=back,
    )


def _input_rows(run: GradedRun) -> list[tuple[str, int, int | None]]:
    """The tables that a run read: name, rows and version."""
    write, inputs = texts.writer("report"), run.inputs
    return [(table_name(name, write), rows, inputs.versions.get(name)) for name, rows in inputs.rows.items()]


def _compared(before: GradedRun, after: GradedRun) -> list[BoundField]:
    """The fields to choose the two runs."""
    choices = [(run.id, texts.writer().day(run.as_of)) for run in runs.selectable(before, after)]
    chosen = {"before": before.id, "after": after.id}
    return [
        select(name, choices, run_id, label=texts.text(f"tiers.compare.{name}"), submits=True)
        for name, run_id in chosen.items()
    ]


def _step(name: str) -> str:
    """The label of a refresh step; its name if it is unknown."""
    return texts.text(f"cli.steps.{name}") if f"steps.{name}" in catalogue()["cli"] else name


def _refreshing(request: HttpRequest) -> dict[str, Any]:
    """Template context to start a refresh or to show the current one."""
    return {
        "job": refreshes.refresh_under_way(),
        "form": RefreshForm(auto_id="%s"),
        "may_refresh": may(request.user, REFRESH),
    }


def _changes(key: str, before: GradedRun, after: GradedRun) -> dict[str, Any]:
    """The changes between two runs: headline numbers, lines of all schemes, and details of the chosen one."""
    shared = [scheme_key for scheme_key in schemes.graded_keys(after) if scheme_key in schemes.graded_keys(before)]
    changes = {scheme_key: comparison.scheme_change(scheme_key, before, after) for scheme_key in shared}
    return {
        "headline": comparison.headline_change(before, after),
        "schemes": [change.scheme for change in changes.values()],
        "changed": [change for change in changes.values() if change.moved_lines],
        "change": changes.get(key),
        "chosen": key,
    }


def _moves(key: str, before: GradedRun, after: GradedRun, *, counted: bool) -> dict[str, Any]:
    """The moves of a scheme if they are recorded or requested, else the URL that requests them."""
    neighbour = runs.run_before(after)
    if not counted and (neighbour is None or neighbour.id != before.id):
        query = {"before": before.id, "after": after.id, "scheme": key, "moves": 1}
        return {"moves_later": f"{reverse('tiers:compare')}?{urlencode(query)}"}
    scheme = comparison.moves_between(key, before, after)
    recorded = neighbour is not None and neighbour.id == before.id == after.before
    link = panels.customers_href(after, moved=f"{key}:") if recorded else ""
    picture = in_both_widths(partial(flow, scheme, texts.writer("report"), link=link))
    sums = {way: scheme.moved(way) for way in ("up", "down", "stay")}
    return {"moves": {"picture": picture, "matrix": panels.matrix(scheme, link), **sums}}


def _table(request: HttpRequest, newest_first: Sequence[GradedRun], authors: Mapping[str, str]) -> Table:
    """A page of runs. Their ids start with their instant."""
    page = read_page(
        request,
        lambda cursor: rows_below(newest_first, lambda run: run.id, cursor, PAGE),
        key=lambda run: (run.id,),
        of="runs",
        limit=PAGE,
    )
    facts = [runs.run_facts(run) for run in page.rows]
    rows = [RunRow(**vars(run), author=authors.get(run.id, "")) for run in facts]
    without = {*(() if authors else ("by",)), *(() if len(newest_first) > 1 else ("earlier", "later"))}
    return RUNS.table(rows, page=page, without=without)


def _run_or_404(run_id: str) -> GradedRun:
    try:
        return runs.run(run_id)
    except NoSuchRun as error:
        raise Http404(texts.sentence(error)) from error
