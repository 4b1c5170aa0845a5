"""What one says of a new token."""

from __future__ import annotations

from django import forms
from django.utils.functional import lazy

from custrata.web.manifest import scopes
from custrata.web.texts import text

said = lazy(text, str)
DAYS = (30, 90, 365)
NEVER = ""


class TokenForm(forms.Form):
    """What it is for, what it is good for, and for how many days; without days for good."""

    name = forms.CharField(max_length=100, required=False, strip=True)
    scopes = forms.MultipleChoiceField(choices=lambda: [(scope, scope) for scope in scopes()], required=False)
    days = forms.TypedChoiceField(
        choices=[*((str(days), str(days)) for days in DAYS), (NEVER, "")],
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
    )
