"""The kit in a browser: no console errors, no overflow, usable without JavaScript, accessible."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer
from tests.server.kit.pages import CHARTS

from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.server.kit.pages")]
AXE = Path(__file__).resolve().parents[3] / "build/browser/node_modules/axe-core/axe.min.js"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
Open = Callable[..., Page]
WRONG: dict[Page, list[str]] = {}


@pytest.fixture
def opened(
    chromium: Browser,
    served: Workspace,
    signed_in: Callable[[Role], Client],
    live_server: LiveServer,
) -> Iterator[Open]:
    """Opens a page as an operator in a window of its own, and records errors in `WRONG`."""
    session = signed_in(Role.OPERATOR).cookies["sessionid"].value
    contexts = []

    def open_page(path: str = "/showcase/", *, width: int = 1440, **more: Any) -> Page:
        contexts.append(chromium.new_context(viewport={"width": width, "height": 900}, **more))
        contexts[-1].add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = contexts[-1].new_page()
        _listen(page, WRONG.setdefault(page, []))
        page.goto(live_server.url + path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def _listen(page: Page, wrong: list[str]) -> None:
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)


def wait_for_charts(page: Page) -> None:
    # As a function: the policy of the pages forbids text to be evaluated again and again.
    page.wait_for_function(f"() => document.querySelectorAll('figure.drawn canvas').length >= {len(CHARTS)}")


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_everything_is_drawn_without_errors(opened: Open, colours: str, width: int) -> None:
    page = opened(width=width, color_scheme=colours)
    wait_for_charts(page)
    assert WRONG[page] == []
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate("document.documentElement.dataset.bsTheme") == colours


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_the_kit_is_accessible(opened: Open, colours: str) -> None:
    page = opened(color_scheme=colours, bypass_csp=True)
    wait_for_charts(page)
    page.add_script_tag(path=AXE)
    violations = page.evaluate("axe.run().then(run => run.violations)")
    grave = [fault for fault in violations if fault["impact"] in ("serious", "critical")]
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in grave] == []


def test_without_script_the_fallback_stands_and_the_menu_opens(opened: Open) -> None:
    page = opened(width=360, java_script_enabled=False)
    assert page.get_by_text("as a table").count() == len(CHARTS)
    menu = page.locator("#menu")
    assert not menu.is_visible()
    page.locator("button[popovertarget=menu]").first.click()
    assert menu.is_visible()


def test_the_menu_opens_and_closes_by_keyboard(opened: Open) -> None:
    page = opened(width=360)
    page.locator(".topbar button").focus()
    page.keyboard.press("Enter")
    assert page.locator("#menu").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#menu").is_visible()


def test_a_drop_down_closes_on_escape(opened: Open) -> None:
    page = opened()
    page.get_by_text("Columns").click()
    assert page.get_by_text("One", exact=True).is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_text("One", exact=True).is_visible()


def test_the_language_is_chosen_with_one_click_and_one_stays_on_the_page(opened: Open) -> None:
    page = opened()
    page.locator(".menu button[lang=zh-Hant]").click()
    assert page.url.endswith("/showcase/")
    assert page.locator("html").get_attribute("lang") == "zh-Hant"
    assert page.get_by_text("總覽").is_visible()


def test_charts_follow_when_the_system_turns_dark(opened: Open) -> None:
    page = opened(color_scheme="light")
    wait_for_charts(page)
    before = page.locator("figure canvas").first.screenshot()
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(400)
    assert page.locator("figure canvas").first.screenshot() != before
    assert WRONG[page] == []


def test_a_mark_of_a_chart_is_a_link(opened: Open) -> None:
    page = opened(reduced_motion="reduce")
    wait_for_charts(page)
    page.locator("figure[data-chart=bars] canvas").first.click(position={"x": 120, "y": 72})
    page.wait_for_url("**/form/?bar")


def test_a_request_that_fails_is_told_with_its_reference(opened: Open) -> None:
    page = opened()
    page.locator("#ask").click()
    page.wait_for_selector("#notices .alert-danger")
    assert "Reference: " in page.locator("#notices").inner_text()


def test_a_request_that_does_not_arrive_is_told(opened: Open) -> None:
    page = opened()
    page.context.set_offline(True)
    page.locator("#ask").click()
    page.wait_for_selector("#notices .alert-warning")
    assert "cannot be reached" in page.locator("#notices").inner_text()
    page.context.set_offline(False)


def test_print_shows_only_the_content(opened: Open) -> None:
    page = opened()
    page.emulate_media(media="print")
    visible = [page.locator(part).first.is_visible() for part in (".menu", ".actions", ".notices", "main")]
    assert visible == [False, False, False, True]
