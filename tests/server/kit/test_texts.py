"""Texts of pages and their language."""

from __future__ import annotations

import shutil
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from django.utils.safestring import SafeString

from custrata.lake import Workspace
from custrata.web import texts

pytestmark = pytest.mark.usefixtures("served")


def rendered(source: str, **facts: object) -> str:
    with translation.override("en"):
        return Template(source).render(Context(facts))


@pytest.mark.parametrize(("language", "phrase"), [("zh-hans", "客户"), ("zh-hant", "客戶"), ("en", "Customers")])
def test_says_a_phrase_in_the_language_in_use(language: str, phrase: str) -> None:
    with translation.override(language):
        assert texts.text("customers.nav.customers") == phrase


def test_falls_back_to_the_default_language() -> None:
    with translation.override("fr"):
        assert texts.language() == "zh-hans"


def test_writes_numbers_and_days_in_a_phrase_as_the_language_does() -> None:
    with translation.override("en"):
        assert texts.text("web.reference", reference=12345) == "Reference: 12,345"
        assert texts.text("web.reference", reference=date(2025, 3, 1)) == "Reference: Mar 1, 2025"
        assert texts.text("web.reference", reference=True) == "Reference: True"


def test_a_phrase_in_a_template_is_escaped_and_so_are_its_facts() -> None:
    assert rendered('{% text "web.reference" reference=x %}', x="<b>") == "Reference: &lt;b&gt;"
    assert rendered('{% text "web.reference" reference=x %}', x=SafeString("<b>")) == "Reference: <b>"


def test_an_unknown_phrase_is_an_error() -> None:
    with pytest.raises(KeyError):
        rendered('{% text "web.no_such" %}')


@pytest.mark.parametrize(
    ("source", "value", "written"),
    [
        ("{{ x|number }}", 1204, "1,204"),
        ("{{ x|number:1 }}", 0.25, "0.3"),
        ("{{ x|short_number }}", 1234567, "1.2M"),
        ("{{ x|money }}", Decimal("1204.5"), "CN¥1,205"),
        ("{{ x|money:2 }}", 1204.5, "CN¥1,204.50"),
        ("{{ x|short_money }}", Decimal(1157000), "CN¥1.2M"),
        ("{{ x|share }}", 0.172, "17.2%"),
        ("{{ x|signed }}", 11, "+11"),
        ("{{ x|signed_share }}", -0.018, "−1.8%"),
        ("{{ x|day }}", date(2025, 3, 1), "Mar 1, 2025"),
        ("{{ x|month }}", date(2025, 3, 1), "Mar 2025"),
        ("{{ x|seconds }}", 4.12, "4.1 s"),
        ("{{ x|scheme_label }}", "value", "Purchase amount"),
        ("{{ x|trait_label }}", "our_own", "our_own"),
        ('{% tier_label "lifecycle" x %}', "at_risk", "At risk"),
    ],
)
def test_filters_write_what_they_are_given(source: str, value: object, written: str) -> None:
    assert rendered(source, x=value) == written


@pytest.mark.parametrize("name", ["number", "short_number", "money", "short_money", "share", "signed", "signed_share",
                                  "day", "month", "instant", "ago", "seconds"])  # fmt: skip
def test_filters_write_a_dash_for_nothing(name: str) -> None:
    assert rendered("{{ x|" + name + " }}", x=None) == "–"


def test_an_instant_is_shown_in_the_zone_of_the_workspace() -> None:
    at = datetime.fromisoformat("2025-03-01T20:05:00+00:00")
    assert rendered("{{ x|instant }}", x=at) == f'<time datetime="{at.isoformat()}">Mar 2, 2025 04:05</time>'


def test_says_how_long_ago() -> None:
    assert "3 minutes ago" in rendered("{{ x|ago }}", x=timezone.now() - timedelta(minutes=3))


def test_an_icon_is_hidden_from_readers_unless_it_says_something() -> None:
    assert 'aria-hidden="true"' in rendered('{% icon "users" %}')
    assert 'aria-label="&lt;x"' in rendered('{% icon "users" label=x class="big" %}', x="<x")
    assert "#users" in rendered('{% icon "users" %}')


def test_a_tier_has_one_colour_and_its_name(served: Workspace) -> None:
    badge = rendered('{% tier_badge "value" "high" href="/x" %}')
    assert 'class="tier-badge step-0"' in badge
    assert 'href="/x"' in badge
    assert "High value" in badge
    assert rendered('{% tier_class "value" "low" %}') == "step-20"


def test_a_customer_without_a_tier_has_a_grey_badge() -> None:
    assert 'class="tier-badge apart"' in rendered('{% tier_badge "value" x href="/x" %}', x=None)


def test_no_tier_has_a_colour_before_the_first_run(own_workspace: Workspace) -> None:
    shutil.rmtree(own_workspace.runs.folder)
    assert rendered('{% tier_class "value" "high" %}') == "apart"


def test_a_chart_holds_its_data_so_that_no_name_ends_the_script() -> None:
    page = rendered('{% chart "bars" data label="L" fallback=svg %}', data={"rows": ["</script><b>"]}, svg="none")
    assert page.count("</script>") == 1
    assert '"currency": "CNY"' in page
    assert 'data-chart="bars" aria-label="L"' in " ".join(page.split())
