"""The base of the product's forms: styles of the controls, and what an empty required field says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import lazy

from custrata.web.texts import text

text_lazy = lazy(text, str)


class StyledForm(forms.Form):
    """A form whose fields are drawn by `web/field.html` in the product's styles."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            chosen = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if chosen else "form-control"
            field.error_messages["required"] = text_lazy("web.required")
