"""Tags and filters every template has: phrases, numbers, icons, tier badges and charts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.forms import BoundField, HiddenInput, RadioSelect, Textarea, TextInput
from django.forms.boundfield import BoundWidget
from django.forms.renderers import get_default_renderer
from django.template import Library
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from custrata.tiering.names import trait_name
from custrata.web import texts, versions
from custrata.web.colours import tier_colour
from custrata.web.schemes import scheme_named, tier_named
from custrata.wording.writer import NOTHING

register = Library()
Number = int | Decimal | float | None

# What would end the script element, or start a comment in it.
UNSAFE_IN_SCRIPT = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@register.simple_tag
def text(name: str, **facts: object) -> SafeString:
    """`{% text "customers.found" number=many %}`: the phrase in the reader's language."""
    return texts.html(name, **facts)


@register.simple_tag
def text_count(name: str, number: int, **facts: object) -> SafeString:
    """`{% text_count "customers.found" many %}`: the phrase `.one` or `.other`, the number as its fact `number`."""
    return texts.html(texts.counted(name, number), number=number, **facts)


@register.filter
def number(value: Number, decimals: int = 0) -> str:
    """1,204"""
    return NOTHING if value is None else texts.writer().number(_exact(value), decimals)


@register.filter
def short_number(value: Number) -> str:
    """12.3万"""
    return NOTHING if value is None else texts.writer().short_number(int(value))


@register.filter
def money(value: Number, decimals: int = 0) -> str:
    """¥1,204; with `:2` to the cent."""
    return NOTHING if value is None else texts.writer().money(Decimal(_exact(value)), decimals)


@register.filter
def short_money(value: Number) -> str:
    """¥115.7万"""
    return NOTHING if value is None else texts.writer().short_money(Decimal(_exact(value)))


@register.filter
def share(value: float | Decimal | None, decimals: int = 1) -> str:
    """0.172 as 17.2%."""
    return texts.writer().share(value, decimals)


@register.filter
def bytes_size(value: int | None) -> str:
    """1.2 GB"""
    return NOTHING if value is None else texts.writer().size(value)


@register.filter
def signed(value: int | None) -> str:
    """+11, −3, 0"""
    return texts.writer().signed(value)


@register.filter
def signed_share(value: float | None) -> str:
    """+4.6%"""
    return texts.writer().signed_share(value)


@register.filter
def day(value: date | None) -> str:
    """The day; of an instant, its day in the workspace's time zone."""
    return NOTHING if value is None else texts.writer().day(value)


@register.filter
def month(value: date | None) -> str:
    """The month of a day."""
    return NOTHING if value is None else texts.writer().month(value)


@register.filter
def instant(value: datetime | None) -> SafeString:
    """Day and time in the workspace's time zone, as a `<time>`."""
    if value is None:
        return SafeString(NOTHING)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), texts.writer().instant(value))


@register.filter
def ago(value: datetime | None) -> SafeString:
    """How long ago, in words, with the exact instant on hover."""
    if value is None:
        return SafeString(NOTHING)
    exact = texts.writer().instant(value)
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, texts.ago(value))


@register.filter
def seconds(value: Number) -> str:
    """A duration in seconds: 4.1 s."""
    return NOTHING if value is None else texts.text("web.seconds", number=number(value, 1))


@register.filter
def scheme_label(scheme: str) -> str:
    """What a scheme is called."""
    return scheme_named(scheme)


@register.filter
def trait_label(trait: str) -> str:
    """What a trait is called."""
    return trait_name(trait, texts.language())


@register.simple_tag
def tier_label(scheme: str, tier: str) -> str:
    """What a tier is called."""
    return tier_named(scheme, tier)


@register.simple_tag
def tier_class(scheme: str, tier: str) -> str:
    """The colour class of a tier: `step-0` … `step-20` or `apart`, as `custrata.report.colours` gives it."""
    return tier_colour(scheme, tier)


@register.simple_tag
def opened(values: object) -> SafeString:
    """`{% opened held %}`: the hidden field with the values that a form shows (see `custrata.web.versions`)."""
    return format_html('<input type="hidden" name="{}" value="{}">', versions.NAME, versions.written(values))


@register.simple_tag
def hidden(**values: object) -> SafeString:
    """`{% hidden customer_id=customer.pk tab=tab %}`: hidden fields with values that a form sends back as they are."""
    return hidden_pairs(values.items())


@register.simple_tag
def hidden_pairs(pairs: Iterable[tuple[str, object]]) -> SafeString:
    """`{% hidden_pairs parameters %}`: hidden fields of names and values (see `lists.other_parameters`)."""
    widget = HiddenInput()
    return format_html_join("\n", "{}", ((widget.render(name, value),) for name, value in pairs))


@register.simple_tag
def finder(of: str, label: str) -> SafeString:
    """A field that hides what does not match in the list with the id `of`; only where there is a script."""
    attributes = {"class": "form-control scripted-block", "type": "search", "data-filters": of, "autocomplete": "off"}
    return TextInput({**attributes, "placeholder": label, "aria-label": label}).render("", "")


@register.simple_tag
def field_with_id(field: BoundField, id: str) -> SafeString:
    """A field of a form that a page has many times, under an id of its own."""
    return field.as_widget(attrs={"id": id})


@register.simple_tag
def username_for_managers(username: str) -> SafeString:
    """The user name beside a password, for password managers; it is not sent."""
    return HiddenInput({"autocomplete": "username"}).render("", username)


@register.simple_tag
def copyable(id: str, value: str, rows: int) -> SafeString:
    """A field with a text to copy."""
    attributes = {"id": id, "class": "form-control reference mb-3", "rows": rows, "readonly": True}
    return Textarea(attributes).render("", value)


@register.simple_tag
def radio(name: str, value: object, chosen: object, label: str) -> SafeString:
    """`{% radio "before" run.id chosen label %}`: a button in a row of a table; its label is read aloud only."""
    widget = RadioSelect({"class": "form-check-input", "aria-label": label}, choices=[(str(value), "")])
    (button,) = widget.subwidgets(name, str(chosen))
    return BoundWidget(widget, button, get_default_renderer()).tag()


@register.simple_tag
def icon(name: str, **more: str) -> SafeString:
    """`{% icon "users" %}`: a Tabler icon out of the sprite; `class="…"` adds classes, `label="…"` says it aloud."""
    label = (
        format_html('role="img" aria-label="{}"', more["label"])
        if "label" in more
        else SafeString('aria-hidden="true"')
    )
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round" stroke-linejoin="round" {}><use href="{}#{}"></use></svg>',
        more.get("class", ""),
        label,
        static("vendor/icons.svg"),
        name,
    )


@register.inclusion_tag("web/parts/badge.html")
def tier_badge(scheme: str, tier: str | None, href: str = "") -> dict[str, object]:
    """`{% tier_badge "value" "high" %}`: the tier's name on its colour; a link where `href` is given."""
    has_tier = tier is not None
    return {
        "scheme": scheme_named(scheme),
        "name": tier_named(scheme, tier) if tier is not None else NOTHING,
        "colour": tier_colour(scheme, tier) if tier is not None else "apart",
        "href": href if has_tier else "",
    }


@register.inclusion_tag("web/parts/chart.html")
def chart(
    name: str, data: Mapping[str, object], *, label: str = "", fallback: str = "", height: str = ""
) -> dict[str, object]:
    """`{% chart "series" data label=… fallback=svg %}`: a chart drawn by `web/charts/draw.js`, which lists them.

    `data` is what the chart's builder takes (see `custrata.web.charts`), `label` says what the picture shows,
    `fallback` (markup) stands in its place until, and where, there is no script; `height` is "", "low" or "high".
    """
    write = texts.writer()
    payload = {"language": texts.tag(), "currency": write.currency, "timezone": write.timezone, **data}
    encoded = json.dumps(payload, cls=DjangoJSONEncoder, ensure_ascii=False).translate(UNSAFE_IN_SCRIPT)
    return {"name": name, "data": mark_safe(encoded), "label": label, "fallback": fallback, "height": height}


def _exact(value: int | Decimal | float) -> int | Decimal:
    return Decimal(str(value)) if isinstance(value, float) else value
