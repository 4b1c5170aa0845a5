"""The form of a new token."""

from __future__ import annotations

from django import forms
from django.utils.functional import lazy

from custrata.web.manifest import scopes
from custrata.web.texts import text

lazy_text = lazy(text, str)
DAYS = (30, 90, 365)
NEVER = ""


class TokenForm(forms.Form):
    """Name, scopes and lifetime in days; without days the token does not expire."""

    name = forms.CharField(max_length=100, required=False, strip=True)
    scopes = forms.MultipleChoiceField(choices=lambda: [(scope, scope) for scope in scopes()], required=False)
    days = forms.TypedChoiceField(
        choices=[*((str(days), str(days)) for days in DAYS), (NEVER, "")],
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
    )
