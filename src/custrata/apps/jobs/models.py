"""Background jobs with their logs, schedules and leases."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from custrata.apps.audit.models import Subject


class Status(models.TextChoices):
    """The status of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = (Status.WAITING, Status.RUNNING)
OVER = (Status.DONE, Status.FAILED, Status.CANCELLED)


class Job(models.Model):
    """A background job.

    While it runs, `claim` is a secret of the worker that took it. Every write of the worker is conditional on it, so a
    worker that was considered lost and comes back changes nothing. The actor is stored as id and name instead of a
    foreign key, since the accounts app depends on this one.
    """

    kind = models.CharField(max_length=64)
    arguments = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    key = models.CharField(max_length=200, null=True)  # of one key at most one job is open
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    asked_at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)  # empty: the server itself
    run_after = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)  # started, and not returned to the queue
    losses = models.PositiveIntegerField(default=0)  # times its worker was lost
    worker = models.CharField(max_length=100, blank=True)
    claim = models.CharField(max_length=32, blank=True)
    started_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    fraction = models.FloatField(null=True)
    phrase = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    result = models.JSONField(encoder=DjangoJSONEncoder, null=True)
    error = models.CharField(max_length=100, blank=True)  # class name of the error
    error_facts = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    error_template = models.TextField(blank=True)  # English message of a CustrataError, with facts in braces
    reference = models.CharField(max_length=16, blank=True)  # finds the failure in the log

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(status__in=Status.values), name="jobs_job_status_known"),
            models.CheckConstraint(
                condition=models.Q(status=Status.RUNNING, heartbeat_at__isnull=False, started_at__isnull=False)
                & ~models.Q(claim="")
                | ~models.Q(status=Status.RUNNING) & models.Q(claim=""),
                name="jobs_job_claimed_while_running",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=OPEN, finished_at__isnull=True)
                | models.Q(status__in=OVER, finished_at__isnull=False),
                name="jobs_job_finished_when_over",
            ),
            models.CheckConstraint(
                condition=models.Q(fraction__isnull=True) | models.Q(fraction__gte=0, fraction__lte=1),
                name="jobs_job_fraction_between",
            ),
            models.UniqueConstraint(
                fields=["key"],
                condition=models.Q(status__in=OPEN, key__isnull=False),
                name="jobs_job_one_open_of_a_key",
            ),
        )
        indexes = (
            models.Index(fields=["run_after", "id"], name="jobs_job_waiting", condition=models.Q(status="waiting")),
            models.Index(fields=["heartbeat_at"], name="jobs_job_running", condition=models.Q(status="running")),
            models.Index(fields=["kind", "-id"], name="jobs_job_kind"),
            models.Index(fields=["status", "-id"], name="jobs_job_status"),
            models.Index(fields=["finished_at"], name="jobs_job_finished"),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("job", self.pk)

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.status in OPEN

    @property
    def is_stopping(self) -> bool:
        """Whether it runs and was asked to stop."""
        return self.status == Status.RUNNING and self.cancel_asked_at is not None


class Line(models.Model):
    """One line of a job's log: a wording key with its facts, or text of the handler."""

    job: models.ForeignKey[Job, Job] = models.ForeignKey(Job, models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    phrase = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    text = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(phrase="") & ~models.Q(text="") | ~models.Q(phrase="") & models.Q(text=""),
                name="jobs_line_phrase_or_text",
            ),
        )

    def __str__(self) -> str:
        return self.text or self.phrase


class Schedule(models.Model):
    """A recurring job: a cron expression in the workspace's time zone."""

    kind = models.CharField(max_length=64, unique=True)
    arguments = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    cron = models.CharField(max_length=100)
    zone = models.CharField(max_length=100)  # in which next_at was computed
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)  # when it was last enqueued

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(enabled=False, next_at__isnull=True) | models.Q(enabled=True, next_at__isnull=False),
                name="jobs_schedule_next_when_enabled",
            ),
        )

    @property
    def audit_subject(self) -> Subject:
        return Subject("schedule", self.kind)

    def __str__(self) -> str:
        return f"{self.kind} {self.cron}"


class Lease(models.Model):
    """The process that holds a singleton task, and until when unless it renews."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=100, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.holder}"
