"""The search form of the audit log."""

from __future__ import annotations

from django import forms
from django.http import QueryDict
from django.utils.functional import lazy

from custrata.apps.audit.queries import SERVER, AuditSearch, action_name
from custrata.web.days import DayField
from custrata.web.texts import text

lazy_text = lazy(text, str)


class AuditSearchForm(forms.Form):
    """Filters by actor, action, customer and date range."""

    who = forms.ChoiceField(required=False, label=lazy_text("audit.who"))
    what = forms.ChoiceField(required=False, label=lazy_text("audit.what"))
    customer = forms.CharField(required=False, max_length=255, label=lazy_text("audit.customer"))
    since = DayField(required=False, label=lazy_text("audit.since"), widget=forms.DateInput({"type": "date"}))
    until = DayField(required=False, label=lazy_text("audit.until"), widget=forms.DateInput({"type": "date"}))

    def __init__(self, query: QueryDict, actors: list[str], actions: list[str]) -> None:
        super().__init__(query)
        everybody, everything = ("", text("audit.everybody")), ("", text("audit.everything"))
        names = [(name or SERVER, name or text("audit.server")) for name in actors]
        verbs = sorted(((action, action_name(action)) for action in actions), key=lambda verb: verb[1])
        for name, choices in (("who", [everybody, *names]), ("what", [everything, *verbs])):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        for field in self.fields.values():
            chosen = isinstance(field, forms.ChoiceField)
            field.widget.attrs["class"] = "form-select" if chosen else "form-control"
            field.error_messages |= {name: text("audit.unusable") for name in ("invalid", "invalid_choice")}

    def search(self) -> AuditSearch:
        """The search filters. Invalid values are ignored; their fields show an error."""
        self.is_valid()
        data = self.cleaned_data
        return AuditSearch(
            who=data.get("who", ""),
            what=data.get("what", ""),
            customer=data.get("customer", "").strip(),
            since=data.get("since"),
            until=data.get("until"),
        )
