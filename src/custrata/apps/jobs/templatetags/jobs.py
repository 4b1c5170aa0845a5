"""Titles, statuses and errors of jobs in the reader's language."""

from __future__ import annotations

from typing import Any

from django.template import Library
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from custrata.apps.jobs.actions import KINDS, title_phrase
from custrata.apps.jobs.models import Job, Line, Status
from custrata.apps.jobs.queries import error_of
from custrata.apps.jobs.rights import REFRESH
from custrata.web.rights import may
from custrata.web.texts import language, text

register = Library()


@register.filter
def kind_title(kind: str) -> str:
    """The title of a job kind."""
    phrase = title_phrase(kind)
    return text(phrase) if phrase else kind


@register.filter
def job_status(job: Job) -> str:
    """The status of a job, in a word."""
    return text("jobs.status.stopping" if job.is_stopping else f"jobs.status.{job.status}")


@register.filter
def job_says(job: Job) -> str:
    """The status or current step of a job, in a sentence."""
    if job.is_stopping:
        return text("jobs.says.stopping")
    if job.status == Status.RUNNING:
        return text(job.phrase, **job.facts) if job.phrase else text("jobs.says.starting")
    if job.status == Status.WAITING and job.run_after > timezone.now():
        return text("jobs.says.later", at=job.run_after)
    return text(f"jobs.says.{job.status}")


@register.filter
def job_error(job: Job) -> str:
    """The error message of a job; empty if it has none."""
    if not job.error:
        return ""
    return error_of(job, language()) or text("jobs.unforeseen", reference=job.reference)


@register.filter
def job_seconds(job: Job) -> float | None:
    """How long a job took, or has taken so far."""
    if job.started_at is None:
        return None
    return ((job.finished_at or timezone.now()) - job.started_at).total_seconds()


@register.filter
def job_link(job: Job) -> str:
    """The page with the result of a job; empty if there is none."""
    kind = KINDS.get(job.kind)
    if job.status != Status.DONE or kind is None or kind.opens is None:
        return ""
    address, fact = kind.opens
    try:
        return reverse(address, args=[(job.result or {})[fact]])
    except (NoReverseMatch, KeyError):  # made by an older version, or the app of the page is gone
        return ""


@register.filter
def may_steer(person: Any) -> bool:
    """Whether a person may cancel jobs and try them again."""
    return may(person, REFRESH)


@register.filter
def line_text(line: Line) -> str:
    """The text of a log line."""
    facts = {**line.facts}
    if not facts.get("who", "-"):
        facts["who"] = text("jobs.server")
    return text(line.phrase, **facts) if line.phrase else line.text
