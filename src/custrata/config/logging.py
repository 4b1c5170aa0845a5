"""Logging: one line per event, as JSON or plain text, without any data of customers.

Only the logger `custrata.security` names people who sign in, with their address: `custrata.web.security_log`.
Exception messages may quote the row of a customer, so the log has the type and the stack of an exception without its
message, except with CUSTRATA_DEBUG=1.
"""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from custrata.web.requests import reference

FORMS = ("json", "plain")  # of a line
FACTS = ("user", "address", "reason", "view", "status", "ms")


class Anonymous(logging.Filter):
    """Adds the request id, and removes URLs from Django's messages about requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = reference()
        if record.name.startswith("django.request"):
            record.msg, record.args = "unforeseen" if record.exc_info else "refused", ()
        return True


class JsonLines(JsonFormatter):
    """A JSON object per line."""

    def process_log_record(self, log_record: dict[str, Any]) -> dict[str, Any]:
        omitted = ("request", "status_code", "taskName")
        fields = {name: value for name, value in log_record.items() if name not in omitted}
        return {name: value for name, value in fields.items() if value not in ("", None)}

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802  # the name in logging
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name in logging
        return where(ei[1])


class PlainLines(logging.Formatter):
    """A line for people at a terminal."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name in logging
        return where(ei[1])

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        facts = [f"{name}={getattr(record, name)}" for name in FACTS if hasattr(record, name)]
        return " ".join([line, *facts])


def where(error: BaseException | None) -> str:
    """The type and stack of an exception and its causes, without messages."""
    if error is None:
        return ""
    calls = traceback.extract_tb(error.__traceback__)
    lines = [f"  {call.filename}:{call.lineno} {call.name}" for call in calls]
    cause = error.__cause__ or error.__context__
    before = [where(cause), "led to"] if cause else []
    return "\n".join([*before, f"{type(error).__module__}.{type(error).__qualname__}", *lines])


def logging_settings(*, form: str, level: str, debug: bool) -> dict[str, Any]:
    """Django's LOGGING: everything to standard error, `form` is json or plain."""
    fields = "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s"
    kinds = {
        "json": {
            "()": "custrata.config.logging.JsonLines",
            "fmt": fields,
            "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
            "json_ensure_ascii": False,
        },
        "plain": {
            "()": "logging.Formatter" if debug else "custrata.config.logging.PlainLines",
            "format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s",
        },
    }
    quiet = {"level": "ERROR", "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"anonymous": {"()": "custrata.config.logging.Anonymous"}},
        "formatters": {"chosen": kinds[form]},
        "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "chosen", "filters": ["anonymous"]}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.request": quiet,
            "django.security": quiet,
            "django.server": {"handlers": [], "level": level, "propagate": True},
            "axes": quiet,
        },
    }
