"""The forms and formsets of the editor of a scheme.

They take texts as they are typed, so that a draft can be saved at any time; what cannot be graded by is said at its
field by `queries.problems`. The name of a field is its place: `tier-0-line`, `rule-1-0-value`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django import forms
from django.forms import BoundField
from django.http import QueryDict

from custrata.web.forms import StyledForm, text_lazy
from custrata.web.texts import language
from custrata.wording import LANGUAGES

Choices = Sequence[Any]
MOST_ROWS, MOST_PARTS = 20, 1_000
UNITS = [(unit, text_lazy(f"schemes.editor.units.{unit}")) for unit in ("day", "month", "year")]


def _line(label: str = "", **attributes: Any) -> forms.CharField:
    """A line of text."""
    return forms.CharField(required=False, label=text_lazy(label) if label else "", widget=forms.TextInput(attributes))


def _number(label: str = "", *, decimal: bool = False, **attributes: Any) -> forms.CharField:
    """A number as it is typed."""
    mode = "decimal" if decimal else "numeric"
    return _line(label, **{"class": "number", "inputmode": mode, **attributes})


def _whole(label: str, **attributes: Any) -> forms.CharField:
    """A whole number with the browser's own control."""
    return _line(label, type="number", **attributes)


def _select(label: str = "", choices: Choices = (), **attributes: Any) -> forms.CharField:
    """One of several values; the value of a draft stays, whether it is offered or not."""
    widget = forms.Select(attributes, choices=choices)
    return forms.CharField(required=False, label=text_lazy(label) if label else "", widget=widget)


def _spoken(label: str, **attributes: Any) -> dict[str, Any]:
    """The attributes of a control whose label is read aloud only."""
    return {"aria-label": text_lazy(label), **attributes}


def _hidden() -> forms.CharField:
    return forms.CharField(required=False, widget=forms.HiddenInput())


class EditorForm(StyledForm):
    """A part of the form. `problems` are the messages of its fields."""

    use_required_attribute = False

    def __init__(self, *args: Any, choices: Mapping[str, Choices] | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "%s")
        super().__init__(*args, **kwargs)
        for name, offered in (choices or {}).items():
            widget = self.fields[name].widget
            assert isinstance(widget, forms.Select | forms.CheckboxSelectMultiple)
            widget.choices = list(offered)

    def texts(self) -> dict[str, str]:
        """The texts that were posted, by field; empty where there is none."""
        self.full_clean()
        values = {name: self.cleaned_data.get(name) for name in self.fields}
        return {name: value if isinstance(value, str) else "" for name, value in values.items()}

    def _identify(self, **ids: str) -> None:
        """Give fields ids that differ from their names."""
        for name, id in ids.items():
            self.fields[name].widget.attrs["id"] = f"{self.prefix}-{id}"


class NamedForm(EditorForm):
    """A part with names by language. `usual` are those of the product."""

    def __init__(
        self, *args: Any, named: Sequence[str] = ("names",), usual: Mapping[str, str] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.named = tuple(named)
        for part in self.named:
            for spoken in LANGUAGES:
                field = _line(f"schemes.languages.{spoken}", maxlength=60, **{"class": "form-control"})
                if part == "names" and usual and usual.get(spoken):
                    field.widget.attrs["placeholder"] = usual[spoken]
                self.fields[f"{part}-{spoken}"] = field

    def _of(self, part: str) -> dict[str, BoundField]:
        return {spoken: self[f"{part}-{spoken}"] for spoken in LANGUAGES}

    @property
    def names(self) -> list[BoundField]:
        """The names in every language."""
        return list(self._of("names").values())

    def languages(self, part: str = "names") -> dict[str, str]:
        """The names that were posted, by language."""
        texts = self.texts()
        return {spoken: texts[f"{part}-{spoken}"] for spoken in LANGUAGES if texts[f"{part}-{spoken}"]}


class NamesForm(NamedForm):
    """The name of the scheme, what it is about, and whether customers may be told of it."""

    told = forms.BooleanField(required=False, label=text_lazy("schemes.editor.told"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, named=("names", "about"), **kwargs)

    @property
    def about(self) -> list[BoundField]:
        """What it is about, in every language."""
        return list(self._of("about").values())


class TierForm(NamedForm):
    """A tier: its name, where it begins, and the life of its customers in it."""

    key, drawn = _hidden(), _hidden()
    line = _number(decimal=True, autocomplete="off")
    keep = _number("schemes.editor.keep", decimal=True)
    keep_unit = _select(**_spoken("schemes.editor.keep_unit"))
    valid_days = _number("schemes.editor.valid_days")
    valid_unit = _select(choices=UNITS, **_spoken("schemes.editor.unit_of_time"))
    grace_days = _number("schemes.editor.grace_days")
    grace_unit = _select(choices=UNITS, **_spoken("schemes.editor.unit_of_time"))
    drop_at_most = _number("schemes.editor.drop_at_most")
    cost = _number("schemes.editor.cost", decimal=True)

    def __init__(self, *args: Any, unit: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = self.fields["keep_unit"].widget
        assert isinstance(widget, forms.Select)
        widget.choices = [("%", "%"), ("value", unit or "#")]
        self._identify(valid_days="valid", grace_days="grace", drop_at_most="drop", **{f"names-{language()}": "name"})

    @property
    def name(self) -> BoundField:
        """Its name in the reader's language."""
        return self[f"names-{language()}"]

    @property
    def other_names(self) -> list[BoundField]:
        """Its names in the other languages."""
        return [field for spoken, field in self._of("names").items() if spoken != language()]


class AllTiersForm(EditorForm):
    """Values for all tiers but the last."""

    keep = _number("schemes.editor.keep", decimal=True)
    valid_days = _number("schemes.editor.valid_days")
    valid_unit = _select(choices=UNITS, **_spoken("schemes.editor.unit_of_time"))
    grace_days = _number("schemes.editor.grace_days")
    grace_unit = _select(choices=UNITS, **_spoken("schemes.editor.unit_of_time"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="all", **kwargs)
        self._identify(valid_days="valid", grace_days="grace")


class FactorForm(EditorForm):
    """A factor of a score."""

    key = _hidden()
    trait = _select("schemes.editor.trait")
    weight = _number("schemes.editor.weight")
    direction = _select(
        "schemes.editor.direction", [(way, text_lazy(f"schemes.choice.{way}")) for way in ("more", "less")]
    )
    normaliser = _select(
        "schemes.editor.normaliser",
        [(way, text_lazy(f"schemes.choice.{way}")) for way in ("lines", "rank", "min_max", "z")],
        **{"data-redraws": True},
    )
    low = _number("schemes.editor.low", decimal=True)
    high = _number("schemes.editor.high", decimal=True)

    def hide_lines(self) -> None:
        """Leave out the fields of a normaliser by lines, whose values are kept."""
        for name in ("low", "high"):
            self.fields[name].widget = forms.HiddenInput()


class RuleForm(EditorForm):
    """A rule: the tier it leads to, or its name and points."""

    tier = _select("schemes.editor.rule_tier")
    name = _line("schemes.editor.rule_name", maxlength=60)
    points = _number("schemes.editor.points")


class ConditionForm(EditorForm):
    """How the rows of a condition are combined, or the condition as JSON."""

    how = _select("schemes.editor.how", (), **{"data-redraws": True})
    text = forms.CharField(
        required=False,
        strip=True,
        widget=forms.Textarea({"class": "editor-json", "rows": 6, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, is_expert: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        widget = self.fields["how"].widget
        assert isinstance(widget, forms.Select)
        ways = ("all", "any", "expert") if is_expert else ("all", "any")
        widget.choices = [(way, text_lazy(f"schemes.editor.{way}")) for way in ways]


class PartForm(EditorForm):
    """A row of a condition."""

    what = _select(
        choices=[(what, text_lazy(f"schemes.editor.what_{what}")) for what in ("trait", "tag", "tier", "facts")],
        **_spoken("schemes.editor.what", **{"data-redraws": True}),
    )
    trait = _select(**_spoken("schemes.editor.trait", **{"data-redraws": True, "class": "editor-row-wide"}))
    tag = _line(**_spoken("schemes.editor.what_tag", list="tags", **{"class": "editor-row-wide"}))
    scheme = _select(**_spoken("tiers.compare.scheme", **{"data-redraws": True}))
    tier = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple())
    for_days = _number("schemes.editor.for_days")
    facts = _select(**_spoken("schemes.editor.what_facts", **{"data-redraws": True}))
    column = _select(**_spoken("schemes.editor.counted"))
    window = _number("schemes.editor.in_last")
    where = _select(**_spoken("schemes.editor.where"))
    where_value = _line(**_spoken("schemes.editor.value"))
    sort = _hidden()
    value = _line(**_spoken("schemes.editor.value", **{"class": "editor-row-value"}))
    high = _line(**_spoken("schemes.editor.value_to", **{"class": "editor-row-value"}))

    def __init__(self, *args: Any, control: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._identify(for_days="for")
        if control == "truth":
            yes_or_no = [("true", text_lazy("schemes.versions.yes")), ("false", text_lazy("schemes.versions.no"))]
            attributes = _spoken("schemes.editor.value", **{"class": "form-select"})
            self.fields["value"].widget = forms.Select(attributes, yes_or_no)
        for name, more in _VALUES.get(control, {}).items():
            self.fields[name].widget.attrs.update(more)

    def tiers(self) -> list[str]:
        """The tiers that were posted."""
        data = self.data
        return data.getlist(self.add_prefix("tier")) if isinstance(data, QueryDict) else []


# `is` and `not` cannot be attributes of a class.
PartForm.base_fields["is"] = _select(
    **_spoken("schemes.editor.operator", **{"data-redraws": True, "class": "editor-row-operator"})
)
PartForm.base_fields["not"] = forms.BooleanField(required=False, label=text_lazy("schemes.editor.not"))
_VALUES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "number": {"value": {"class": "form-control editor-row-value number", "inputmode": "decimal"}},
    "days": {"value": {"class": "form-control number", "inputmode": "numeric"}},
    "share": {"value": {"placeholder": "0.2"}},
    "date": {"value": {"type": "date"}},
    "days_pair": {"value": {"type": "date"}, "high": {"type": "date"}},
}


class MeasureForm(EditorForm):
    """The fields of the kinds. A page has those of one kind."""

    trait = _select("schemes.editor.trait", (), size=7, **{"data-respread": True})
    less_is_better = forms.BooleanField(required=False, label=text_lazy("schemes.editor.less"))
    traits = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple())
    target = _select("schemes.editor.target")
    order_by = _select("schemes.editor.order_by")
    clusters = _line("schemes.editor.clusters", inputmode="numeric", **{"aria-describedby": "clusters_help"})
    method = _select("schemes.editor.method")
    depth = _whole("schemes.editor.depth", min=1, max=8)
    least_leaf = _whole("schemes.editor.least_leaf", min=1)
    bins = _whole("schemes.editor.bins", min=2, max=10)
    at_least = _line("schemes.editor.at_least", inputmode="decimal", **{"data-respread": True})
    least_customers = _whole("schemes.editor.least_customers", min=1)
    without_order = _select("schemes.editor.without_order")
    reference = _select("schemes.editor.reference")
    otherwise = _select("schemes.editor.otherwise")
    window = _whole("schemes.editor.window", min=1, placeholder="365", **{"data-respread": True})

    def __init__(self, *args: Any, whole: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.whole = tuple(whole or {})
        for name, label in (whole or {}).items():
            self.fields[name] = _whole("", min=1, **{"class": "form-control"})
            self.fields[name].label = label

    def whole_fields(self) -> list[BoundField]:
        """The fields of a kind that has whole numbers only."""
        return [self[name] for name in self.whole]


MeasureForm.base_fields["window-all"] = forms.BooleanField(
    required=False, label=text_lazy("schemes.editor.all_time"), widget=forms.CheckboxInput({"data-respread": True})
)
MeasureForm.base_fields |= {f"lines-{part}": _line(f"schemes.editor.lines_{part}") for part in ("r", "f", "m")}


class LifeForm(EditorForm):
    """When tiers are reviewed, and what counts then."""

    review = _select(
        "schemes.editor.review",
        [
            (way, text_lazy(f"schemes.choice.{way}"))
            for way in ("each_run", "tier_anniversary", "member_anniversary", "calendar")
        ],
        **{"data-redraws": True},
    )
    dates = _line("schemes.editor.dates", placeholder="04-01, 10-01")
    qualify = _select(
        "schemes.editor.qualify", [(way, text_lazy(f"schemes.choice.{way}")) for way in ("rolling", "since_review")]
    )


class JsonForm(EditorForm):
    """The whole definition as JSON."""

    json = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea({"class": "editor-json", "rows": 16, "spellcheck": "false"}),
    )


class Rows(forms.BaseFormSet):  # type: ignore[type-arg]  # of any of the forms above
    """Rows of the form. A row is never left out for being empty: buttons remove rows."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        """What the row at a place is made with: its own part of `rows`, where there is one."""
        kwargs = super().get_form_kwargs(index)
        rows = kwargs.pop("rows", ())
        own = rows[index] if index is not None and index < len(rows) else {}
        return {**kwargs, **own, "empty_permitted": False, "auto_id": "%s"}

    def posted(self) -> list[Any] | None:
        """The rows that were posted; None where the form has no such rows."""
        return list(self.forms) if self.management_form.is_valid() else None


def _rows(form: type[EditorForm], most: int) -> type[Rows]:
    rows = forms.formset_factory(form, formset=Rows, extra=0, max_num=most, absolute_max=most)
    return cast("type[Rows]", rows)


TierRows, RuleRows = _rows(TierForm, MOST_ROWS), _rows(RuleForm, MOST_ROWS)
FactorRows, PartRows = _rows(FactorForm, MOST_PARTS), _rows(PartForm, MOST_PARTS)
