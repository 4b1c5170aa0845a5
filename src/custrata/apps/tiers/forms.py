"""Forms for refreshes, rebuilds and overrides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from custrata.pipeline.decisions import AT_LEAST, EXACTLY
from custrata.web.days import DayField


class RefreshForm(forms.Form):
    """The as-of day (default: the day after the newest data), and whether lines are learned again."""

    as_of = DayField(required=False)
    learn = forms.BooleanField(required=False)


class RebuildForm(forms.Form):
    """The first day to rebuild (default: the first fact), and the period between runs."""

    start = DayField(required=False)
    every = forms.ChoiceField(choices=[(period, period) for period in ("month", "quarter", "week")])


class OverrideForm(forms.Form):
    """Tier, mode, reason and end of an override; without a day it does not end."""

    tier = forms.ChoiceField()
    mode = forms.ChoiceField(choices=((AT_LEAST, AT_LEAST), (EXACTLY, EXACTLY)), required=False)
    reason = forms.CharField(max_length=1000)
    until = DayField(required=False)

    def __init__(self, *args: Any, tiers: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tier"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(tiers)
