"""The page as a browser shows it: silent, offline, never wider than the screen, whole without script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import pytest
from playwright.sync_api import Browser, Page

from custrata.report import page
from custrata.wording import LANGUAGES
from tests.report.sample import ladder, sample_page, sample_report, with_past

Colours = Literal["light", "dark"]
WIDTHS = (360, 768, 1440, 3840)
# Words that share two fifths of a line's height with others, or stick out of their picture.
CLASHES = """() => {
  const shown = [...document.querySelectorAll('svg')].filter(svg => svg.getClientRects().length);
  return shown.flatMap(svg => {
    const boxes = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);
    const edge = svg.parentElement.getBoundingClientRect();
    const out = boxes.filter(([, box]) => box.left < edge.left - 3 || box.right > edge.right + 3).map(([word]) => word);
    return out.concat(boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
      Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
      Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.4 * Math.min(a.height, b.height)
    ).map(([two]) => one + ' / ' + two)));
  });
}"""


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """Chromium; the windows of a test are closed after it."""
    before = chromium.contexts
    yield chromium
    for context in chromium.contexts:
        if context not in before:
            context.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sample report as a file in each language, and one with twelve tiers of huge names."""
    folder = tmp_path_factory.mktemp("report")
    texts = {language: sample_page(language, "USD" if language == "en" else "CNY") for language in LANGUAGES}
    crowd = with_past(ladder([3, 1, 900, 40, 40, 40, 0, 2000, 77, 5, 800, 4000], names=["Extraordinary " * 9] * 12))
    texts["crowd"] = page(replace(sample_report("en"), schemes=(crowd, replace(crowd, key="again"))), "en")
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in texts}


def opened(browser: Browser, path: Path, *, colours: Colours = "light", script: bool = True) -> Page:
    """The file in a window of its own."""
    tab = browser.new_context(color_scheme=colours, java_script_enabled=script).new_page()
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(path.as_uri())
    return tab


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("colours", get_args(Colours))
def test_says_nothing_on_the_console_and_asks_for_nothing(
    browser: Browser, pages: dict[str, Path], language: str, colours: Colours
) -> None:
    heard: list[str] = []
    tab = browser.new_context(color_scheme=colours).new_page()
    tab.on("console", lambda message: heard.append(message.text))
    tab.on("pageerror", lambda error: heard.append(str(error)))
    tab.on("request", lambda request: heard.append(request.url))
    tab.goto(pages[language].as_uri(), wait_until="networkidle")
    tab.context.close()
    assert [message for message in heard if not message.startswith("data:")] == [pages[language].as_uri()]


@pytest.mark.parametrize("name", [*LANGUAGES, "crowd"])
def test_is_never_wider_than_the_screen_nor_do_words_clash(browser: Browser, pages: dict[str, Path], name: str) -> None:
    tab = opened(browser, pages[name])
    tab.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    for width in WIDTHS:
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate(CLASHES) == []
    tab.context.close()


def test_the_slider_goes_through_past_runs(browser: Browser, pages: dict[str, Path]) -> None:
    tab = opened(browser, pages["en"])
    core = tab.locator(".live .wide circle.ring").last
    before = core.get_attribute("r")
    tab.locator("input[type=range]").fill("0")
    assert tab.locator("output").inner_text() == "Feb 7, 2024"
    assert core.get_attribute("r") != before
    tab.locator("input[type=range]").fill("12")
    assert core.get_attribute("r") == before
    tab.context.close()


def test_is_whole_without_script(browser: Browser, pages: dict[str, Path]) -> None:
    tab = opened(browser, pages["en"], script=False)
    assert tab.locator(".live .wide svg").is_visible()
    assert not tab.locator("input[type=range]").is_visible()
    tab.get_by_text("Show as table").first.click()
    assert tab.locator("details table").first.is_visible()
    tab.context.close()


@pytest.mark.parametrize(("colours", "ground"), [("light", "rgb(246, 248, 249)"), ("dark", "rgb(16, 20, 24)")])
def test_is_light_or_dark_as_the_system_is(
    browser: Browser, pages: dict[str, Path], colours: Colours, ground: str
) -> None:
    tab = opened(browser, pages["en"], colours=colours)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == ground
    tab.context.close()


def test_is_light_on_paper(browser: Browser, pages: dict[str, Path]) -> None:
    tab = opened(browser, pages["en"], colours="dark")
    tab.emulate_media(media="print")
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.context.close()


def test_a_name_with_a_script_in_it_stays_a_name(browser: Browser, tmp_path: Path) -> None:
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    file = tmp_path / "evil.html"
    file.write_text(page(replace(sample_report("en"), workspace=evil), "en"), "utf-8")
    tab = opened(browser, file)
    assert (tab.locator("h1").inner_text(), tab.locator("img").count()) == (evil, 0)
    tab.context.close()
