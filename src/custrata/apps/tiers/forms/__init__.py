"""What people fill in: a day to look from, a past to make anew, a tier by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from custrata.pipeline.decisions import AT_LEAST, EXACTLY
from custrata.web.days import DayField


class RefreshForm(forms.Form):
    """A day to look from, or none: then from the day after the newest data; whether lines are learned anew."""

    as_of = DayField(required=False)
    learn = forms.BooleanField(required=False)


class RebuildForm(forms.Form):
    """From when on history is made anew, or from the first fact, and how dense its moments are."""

    start = DayField(required=False)
    every = forms.ChoiceField(choices=[(one, one) for one in ("month", "quarter", "week")])


class OverrideForm(forms.Form):
    """A tier, at least or exactly, why, and until when; without a day for good."""

    tier = forms.ChoiceField()
    mode = forms.ChoiceField(choices=((AT_LEAST, AT_LEAST), (EXACTLY, EXACTLY)), required=False)
    reason = forms.CharField(max_length=1000)
    until = DayField(required=False)

    def __init__(self, *given: Any, tiers: Sequence[tuple[str, str]], **named: Any) -> None:
        super().__init__(*given, **named)
        field = self.fields["tier"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(tiers)
