"""What people fill in on the pages of runs."""

from __future__ import annotations

from django import forms


class RefreshForm(forms.Form):
    """A day to look from, or none: then from the day after the newest data."""

    as_of = forms.DateField(required=False)
