"""Pages of jobs: the list, one job, its progress, and schedules."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from custrata.apps.jobs import actions, queries
from custrata.apps.jobs.actions import KINDS
from custrata.apps.jobs.forms import FilterForm, ScheduleForm
from custrata.apps.jobs.models import Job, Schedule
from custrata.apps.jobs.rights import REFRESH, SCHEDULE, SEE_JOBS
from custrata.apps.jobs.templatetags.jobs import job_seconds
from custrata.errors import CustrataError
from custrata.web.details import Fact, facts
from custrata.web.gate import needs
from custrata.web.lists import Empty, Listing, columns
from custrata.web.posting import redirect_after, submit_form
from custrata.web.rights import may
from custrata.web.templatetags.kit import instant, number, seconds
from custrata.web.texts import language, sentence, text
from custrata.web.versions import opened
from custrata.web.workspace import workspace

JOBS = Listing(
    "jobs.title",
    columns("jobs.column", "job", "status", "who", "asked", "took", took="number"),
    "jobs/row.html",
    order=("-pk",),
)
LOG = Listing("jobs.log_title", columns("jobs.column", "at", "line"), "jobs/line_row.html")
EMPTY = Empty("list-check", "jobs.empty.title", "jobs.empty.text")
DEFAULT_CRON = "0 3 * * *"
COMMON_CRONS = {
    DEFAULT_CRON: "jobs.often.daily",
    "0 * * * *": "jobs.often.hourly",
    "0 3 * * MON": "jobs.often.weekly",
    "0 3 * * MON-FRI": "jobs.often.weekdays",
    "0 3 1 * *": "jobs.often.monthly",
}


def _job_or_404(pk: int) -> Job:
    job = queries.job(pk)
    if job is None:
        raise Http404
    return job


@needs(SEE_JOBS)
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """The jobs, newest first, filtered by kind and status."""
    form = FilterForm(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {}
    page = JOBS.page(request, queries.jobs(**chosen))
    none = Empty("list-check", "jobs.none.title", "jobs.none.text", "jobs.none.all", reverse("jobs:list"))
    table = JOBS.table(page.rows, page=page, empty=none if any(chosen.values()) else EMPTY)
    schedulable = [kind.name for kind in KINDS.values() if kind.schedulable] if may(request.user, SCHEDULE) else []
    context = {"page": page, "table": table, "form": form, "schedulable": schedulable}
    return render(request, "jobs/list.html", context)


@needs(SEE_JOBS)
@require_safe
def job_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """A job: its progress, log and actions."""
    job = _job_or_404(pk)
    lines = queries.job_lines(pk)
    polls = reverse("jobs:job", args=[pk]) if job.is_open else ""
    context = {
        "job": job,
        "polls": polls,
        "facts": _facts(job),
        "log": LOG.table(lines),
        "shortened": len(lines) == queries.LINES,
    }
    return render(request, "jobs/job.html", context)


def _facts(job: Job) -> list[Fact]:
    took = job_seconds(job) if job.started_at else None
    return facts(
        Fact("jobs.column.who", job.actor_name or text("jobs.server")),
        Fact("jobs.column.asked", instant(job.asked_at), is_figure=True),
        Fact("jobs.column.began", instant(job.started_at) if job.started_at else "", is_figure=True),
        Fact("jobs.column.ended", instant(job.finished_at) if job.finished_at else "", is_figure=True),
        Fact("jobs.column.took", seconds(took) if job.started_at else "", is_figure=True),
        Fact("jobs.column.attempts", number(job.attempts), is_figure=True),
    )


@needs(SEE_JOBS)
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The progress of a job as a page fragment; reloads the whole page once the job has ended."""
    job = _job_or_404(pk)
    answer = render(request, "jobs/progress.html", {"job": job})
    if not job.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer


@needs(REFRESH)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a job."""
    job = _job_or_404(pk)
    return redirect_after(
        request,
        lambda: actions.cancel(job, actor=_person(request), at=timezone.now()),
        lambda cancelled: text("jobs.stopping_notice" if cancelled.is_open else "jobs.cancelled_notice"),
        to=reverse("jobs:job", args=[pk]),
    )


@needs(REFRESH)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Retry a job."""
    job = _job_or_404(pk)
    return redirect_after(
        request,
        lambda: actions.retry(job, actor=_person(request), at=timezone.now()),
        text("jobs.retried_notice"),
        to=reverse("jobs:job", args=[pk]),
    )


@needs(SCHEDULE)
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: HttpRequest, kind: str) -> HttpResponse:
    """The schedule of a job kind; `?cron=` previews another cron expression without saving it."""
    if kind not in KINDS or not KINDS[kind].schedulable:
        raise Http404
    current, zone = queries.schedule(kind), workspace().settings.timezone
    saved = {"cron": current.cron if current else DEFAULT_CRON, "enabled": current is not None and current.enabled}
    if request.method != "POST":
        tried = {"cron": request.GET["cron"], "enabled": "on"} if request.GET.get("cron") else None
        return _schedule_page(request, kind, ScheduleForm(tried or saved), zone, current)
    form = ScheduleForm(request.POST)
    who = {"kind": kind, "zone": zone, "actor": _person(request), "at": timezone.now(), "opened": opened(request)}
    saved_schedule = submit_form(
        request,
        form,
        lambda: actions.set_schedule(**form.cleaned_data, **who),
        _schedule_message,
        to=reverse("jobs:schedule", args=[kind]),
        field="cron",
    )
    return saved_schedule or _schedule_page(request, kind, form, zone, queries.schedule(kind), status=422)


def _schedule_message(schedule: Schedule) -> str:
    if schedule.enabled:
        return text("jobs.schedule.saved", at=schedule.next_at)
    return text("jobs.schedule.switched_off")


def _schedule_page(
    request: HttpRequest, kind: str, form: ScheduleForm, zone: str, current: Schedule | None, *, status: int = 200
) -> HttpResponse:
    cron, words, times = str(form["cron"].value() or ""), "", []
    try:
        times = queries.next_times(cron, zone, timezone.now())
        words = text(COMMON_CRONS[cron]) if cron in COMMON_CRONS else queries.cron_in_words(cron, language())
    except CustrataError as error:
        if not form.errors:
            form.add_error("cron", sentence(error))
    often = [(usual, text(phrase)) for usual, phrase in COMMON_CRONS.items()]
    context = {"kind": kind, "form": form, "zone": zone, "kept": current, "words": words, "times": times}
    context["shown"] = {"cron": current.cron, "enabled": current.enabled} if current else None
    return render(request, "jobs/schedule.html", {**context, "often": often}, status=status)


def _person(request: HttpRequest) -> Any:
    """The signed-in user; untyped, since the accounts app depends on this one."""
    return request.user
