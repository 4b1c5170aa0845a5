"""Forms of the job pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import lazy

from custrata.apps.jobs.actions import KINDS, title_phrase
from custrata.apps.jobs.models import Status
from custrata.web.texts import text

text_lazy = lazy(text, str)


class FilterForm(forms.Form):
    """Which jobs to list."""

    kind = forms.ChoiceField(required=False, label=text_lazy("jobs.filter.kind"))
    status = forms.ChoiceField(required=False, label=text_lazy("jobs.filter.status"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = ("", text("jobs.filter.all"))
        kinds = [(kind, text(title_phrase(kind)) if title_phrase(kind) else kind) for kind in sorted(KINDS)]
        statuses = [(status, text(f"jobs.status.{status}")) for status in Status.values]
        for name, choices in (("kind", kinds), ("status", statuses)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [every, *choices]
            field.widget.attrs = {"class": "form-select"}


class ScheduleForm(forms.Form):
    """The schedule of a job kind."""

    cron = forms.CharField(
        max_length=100,
        label=text_lazy("jobs.schedule.cron"),
        error_messages={"required": text_lazy("jobs.fault.required")},
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "autocomplete": "off",
                "spellcheck": "false",
                "aria-describedby": "cron_help",
            }
        ),
    )
    enabled = forms.BooleanField(
        required=False,
        label=text_lazy("jobs.schedule.enabled"),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
