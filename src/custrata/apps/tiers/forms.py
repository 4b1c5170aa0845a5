"""Forms for refreshes, rebuilds, withdrawals and overrides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from custrata.pipeline.decisions import AT_LEAST, EXACTLY
from custrata.web.days import DayField
from custrata.web.forms import StyledForm, day_input, text_lazy

PERIODS = ("month", "quarter", "week")


class RefreshForm(StyledForm):
    """The as-of day (default: the day after the newest data), and whether lines are learned again."""

    as_of = DayField(
        required=False,
        label=text_lazy("tiers.refresh.as_of"),
        help_text=text_lazy("tiers.refresh.as_of_help"),
        widget=day_input(),
    )
    learn = forms.BooleanField(required=False, label=text_lazy("tiers.refresh.learn"))


class RebuildForm(StyledForm):
    """The first day to rebuild (default: the first fact), and the period between runs."""

    start = DayField(
        required=False,
        label=text_lazy("tiers.rebuild.from"),
        help_text=text_lazy("tiers.rebuild.from_help"),
        widget=day_input(),
    )
    every = forms.ChoiceField(
        choices=[(period, text_lazy(f"tiers.rebuild.each.{period}")) for period in PERIODS],
        label=text_lazy("tiers.rebuild.every"),
        initial="month",
    )


class WithdrawalForm(StyledForm):
    """Why a run is withdrawn."""

    reason = forms.CharField(
        required=False,
        max_length=1000,
        label=text_lazy("tiers.withdraw.reason"),
        widget=forms.Textarea({"rows": 2, "required": True}),
    )


class OverrideForm(StyledForm):
    """Tier, mode, reason and end of an override; without a day it does not end."""

    tier = forms.ChoiceField(label=text_lazy("tiers.by_hand.tier"))
    mode = forms.ChoiceField(
        choices=[(AT_LEAST, text_lazy("tiers.by_hand.at_least")), (EXACTLY, text_lazy("tiers.by_hand.exactly"))],
        required=False,
        label=text_lazy("tiers.by_hand.mode"),
        help_text=text_lazy("tiers.by_hand.mode_help"),
    )
    until = DayField(
        required=False,
        label=text_lazy("tiers.by_hand.until"),
        help_text=text_lazy("tiers.by_hand.until_help"),
        widget=day_input(),
    )
    reason = forms.CharField(
        max_length=1000, label=text_lazy("tiers.by_hand.reason"), widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, tiers: Sequence[tuple[str, str]], ordered: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["tier"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(tiers)
        if not ordered:
            self.fields["mode"].widget = forms.HiddenInput()
            self.initial["mode"] = EXACTLY
