"""The page: whole, escaped, in one language at a time, with a table behind every picture."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest

import custrata.report
from custrata.pipeline.reading import collect
from custrata.pipeline.reading.figures import (
    Headline,
    NumberChange,
    ReportData,
    SchemeSummary,
    Silence,
    SilencePoint,
    SilenceStratum,
)
from custrata.report import page
from custrata.schema.zones import UnknownTimeZone
from custrata.wording import LANGUAGES, UnknownLanguage, catalogue
from tests.report.sample import AS_OF, ladder, sample_page, sample_silence, with_past

SOURCE = Path(custrata.report.__file__).parent
NOTHING = Headline(NumberChange(0), NumberChange(0), NumberChange(Decimal(0)))
EMPTY = ReportData("Shop", "CNY", "Asia/Shanghai", AS_OF, NOTHING, ())
NOT_WORDS = re.compile(r"Custrata|Asia/Shanghai|RFM|CNY|CN(?=¥)|US\$|\b[RFM]\d?\b|[\d-]+\.csv\.gz")


class Reader(HTMLParser):
    """What a page says: its texts, its titles and labels, and how its elements nest."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what is said in attributes."""
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("aria-label", "data-name", "data-day", "aria-valuetext"):
                self.texts.append(value or "")
            if name in ("href", "src"):
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """SVG shapes close themselves."""

    def handle_endtag(self, tag: str) -> None:
        """Every element closes the one opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Texts, without style and script."""
        if data.strip() and self.open[-1] not in ("style", "script"):
            self.texts.append(data.strip())


def visible_text(html: str) -> str:
    """The text of a page, without names and codes that are the same in every language."""
    return NOT_WORDS.sub("", " ".join(Reader(html).texts))


@pytest.mark.parametrize("language", LANGUAGES)
def test_is_well_formed_and_small(language: str) -> None:
    html = sample_page(language)
    assert Reader(html).open == []
    assert len(html.encode()) < 600_000


def test_chinese_pages_have_no_word_of_english() -> None:
    for language in ("zh-hans", "zh-hant"):
        assert re.findall(r"[A-Za-z]{2,}", visible_text(sample_page(language, "CNY"))) == []


def test_the_english_page_has_no_word_of_chinese() -> None:
    assert re.findall(r"[\u3000-\u9fff]", visible_text(sample_page("en"))) == []


@pytest.mark.parametrize(("language", "charset"), [("zh-hans", "gb2312"), ("zh-hant", "big5")])
def test_each_chinese_page_keeps_to_its_own_characters(language: str, charset: str) -> None:
    letters = set(re.findall(r"[\u4e00-\u9fff]", visible_text(sample_page(language, "CNY"))))
    assert "".join(sorted(letters)).encode(charset, "ignore").decode(charset) == "".join(sorted(letters))


def test_numbers_are_short_the_way_each_language_has_it() -> None:
    texts = {language: visible_text(sample_page(language, "USD")) for language in LANGUAGES}
    assert ["115.7万" in texts["zh-hans"], "115.7萬" in texts["zh-hant"], "$1.2M" in texts["en"]] == [True] * 3


def test_days_are_those_of_the_workspace_zone(report: ReportData) -> None:
    assert "As of Feb 1, 2025 00:00" in page(report, "en")
    assert "As of Jan 31, 2025 16:00" in page(replace(report, timezone="UTC"), "en")


def test_names_cannot_become_markup(report: ReportData) -> None:
    evil = "<script>alert(1)</script>\"'&"
    html = page(replace(report, workspace=evil, schemes=(_named(report.schemes[0], evil),)), "en")
    assert html.count("<script") == 1
    assert Reader(html).open == []


def _named(scheme: SchemeSummary, name: str) -> SchemeSummary:
    tiers = tuple(replace(tier, name=name, aim=name, action=name) for tier in scheme.tiers)
    return replace(scheme, name=name, note=name, tiers=tiers)


def test_asks_for_nothing_from_elsewhere() -> None:
    addresses = Reader(sample_page()).addresses
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []


def test_every_link_leads_somewhere() -> None:
    reader = Reader(sample_page())
    assert {address[1:] for address in reader.addresses if address.startswith("#")} <= set(reader.ids)
    assert len(set(reader.ids)) == len(reader.ids)


def test_every_scheme_is_on_it_with_all_its_tiers(report: ReportData) -> None:
    ids = set(Reader(sample_page()).ids)
    assert {f"scheme-{scheme.key}-{tier.key}" for scheme in report.schemes for tier in scheme.tiers} <= ids


def test_a_scheme_without_tiers_says_what_it_waits_for() -> None:
    assert "waiting for data: discounts" in Reader(sample_page()).texts


def test_tells_what_to_do_for_each_tier() -> None:
    assert {"Protect and keep", "A manager visits each quarter"} <= set(Reader(sample_page()).texts)


def test_every_picture_has_its_table(report: ReportData) -> None:
    html = page(replace(report, schemes=report.schemes[:1]), "en")
    # Flow, revenue, RFM, labels, Pareto, silence curve and its test, histograms; the rings' table is the tier table.
    assert html.count("<details>") == 7 + len(report.histograms)


def test_the_slider_has_every_run() -> None:
    assert sample_page().count("<template data-day=") == 13


def test_the_script_is_the_only_one_allowed_to_run() -> None:
    assert re.search(r"default-src 'none'.*script-src 'sha256-[\w+/]{43}='", sample_page())


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_workspace_is_told_the_next_step(language: str) -> None:
    assert "custrata import" in " ".join(Reader(page(EMPTY, language)).texts)


STATES = {
    "nothing": EMPTY,
    "one customer": replace(EMPTY, schemes=(ladder([1], [100]),)),
    "no revenue": replace(EMPTY, schemes=(with_past(ladder([5, 3], [0, 0])),)),
    "losses": replace(EMPTY, schemes=(with_past(ladder([5, 3], [-100, -5])),)),
    "twelve tiers": replace(EMPTY, schemes=(with_past(ladder(range(12))),)),
    "nobody": replace(EMPTY, schemes=(ladder([0, 0, 0]),), silence=Silence(())),
    "huge names": replace(EMPTY, schemes=(with_past(ladder([5, 3], names=["W" * 300, "Very " * 80])),)),
}


@pytest.mark.parametrize("state", STATES)
def test_no_state_breaks_a_picture(state: str) -> None:
    html = page(STATES[state], "en")
    assert Reader(html).open == []
    assert not re.search(r"\b(NaN|nan|inf|Infinity|None)\b", html)


@pytest.mark.parametrize(
    ("silence", "remark"),
    [
        (replace(sample_silence(), learned=False), "Not learned yet"),
        (replace(sample_silence(), learned=False), "more than 5.6 times"),
        (sample_silence(), "1–3 order days: churned after a silence of 5.6 times"),
        (sample_silence(), "13 or more order days: too few customers were silent for long enough"),
        (Silence((SilenceStratum(1, None, (SilencePoint(0.5, 200, 0.4),)),)), "the curve never falls to the level"),
    ],
)
def test_says_how_the_silence_lines_came_about(silence: Silence, remark: str) -> None:
    assert remark in page(replace(EMPTY, silence=silence), "en")


def test_a_forced_theme_is_set_on_the_page(report: ReportData) -> None:
    assert 'data-theme="dark"' in page(report, "en", theme="dark")
    assert "data-theme=" not in sample_page().split("<style>")[0]


def test_is_the_same_every_time(report: ReportData) -> None:
    assert page(report, "en") == page(report, "en")


def test_refuses_a_language_it_does_not_speak(report: ReportData) -> None:
    with pytest.raises(UnknownLanguage):
        page(report, "tlh")


def test_refuses_a_time_zone_that_does_not_exist(report: ReportData) -> None:
    with pytest.raises(UnknownTimeZone):
        page(replace(report, timezone="Mars/Olympus"), "en")


def test_no_phrase_is_left_over() -> None:
    files = [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html"), Path(collect.__file__)]
    source = "\n".join(path.read_text("utf-8") for path in files)
    prefixes = {
        f"{name}."
        for name in ("nav", "column", "table", "headline", "flow", "silence", "calibration", "histogram.unit")
    }
    unused = [
        name
        for name in catalogue()["report"]
        if f'"{name.removesuffix(".one").removesuffix(".other")}"' not in source
        and f"'{name}'" not in source
        and not name.startswith(tuple(prefixes))
    ]
    assert unused == []


def test_a_run_without_history_says_so() -> None:
    first = replace(EMPTY, schemes=(ladder([3, 4]),), as_of=datetime(2025, 1, 1, tzinfo=UTC))
    texts = Reader(page(first, "en")).texts
    assert {"first run", "after the next run", "Shown after the next run"} <= set(texts)
