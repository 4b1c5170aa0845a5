"""Every page, in every language, light and dark, wide and narrow: no errors, no overflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser
from tests.server.browser.conftest import Open, Served, Window, opened_windows

from custrata.lake import Workspace

AXE = Path(__file__).resolve().parents[3] / "build/browser/node_modules/axe-core/axe.min.js"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = (
    "/",
    "/tiers/",
    "/tiers/value/",
    "/tiers/lifecycle/",
    "/tiers/rfm/",
    "/tiers/rfm/map/",
    "/tiers/value/history/",
    "/tiers/value/by-hand/c007/",
    "/tiers/new/",
    "/tiers/value/edit/",
    "/tiers/loyalty/edit/",
    "/tiers/need/edit/",
    "/tiers/my_membership/edit/",
    "/tiers/my_membership/steps/measure/",
    "/tiers/my_membership/steps/tiers/",
    "/tiers/my_membership/simulate/?wizard=1",
    "/tiers/loyalty/simulate/?now=1",
    "/tiers/value/versions/",
    "/tiers/value/versions/1/",
    "/tiers/runs/",
    "/tiers/runs/{run}/",
    "/tiers/runs/compare/",
    "/tiers/runs/{run}/corrections/",
    "/tiers/runs/rebuild/?start=2025-03-15&every=month",
    "/customers/",
    "/customers/?tier=value:high&sort=-spend",
    "/customers/?q=nobody-at-all",
    "/customers/c007/",
    "/customers/c007/?tab=why",
    "/customers/c007/?tab=history",
    "/customers/c007/?tab=timeline",
    "/customers/c007/?tab=purchases",
    "/customers/-/tags/",
    "/playbooks/",
    "/playbooks/?scheme=rfm",
    "/playbooks/value/high/",
    "/playbooks/value/high/edit/",
    "/playbooks/value/high/task/tailor_made/",
    "/playbooks/customers/c007/",
    "/tasks/",
    "/tasks/?whose=all&stands=done",
    "/jobs/",
    "/account/me/",
    "/account/people/",
    "/account/workspace/",
    "/storage/",
    "/tokens/",
    "/audit/",
)
LANGUAGES = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}
RUN_AXE = "options => axe.run(options).then(run => run.violations)"
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}  # another scheme of colours changes nothing else


class Look(NamedTuple):
    """The colours of the system and the width of the window."""

    colours: str
    width: int


LIGHT, DARK, DARK_AND_WIDE = Look("light", 1440), Look("dark", 360), Look("dark", 1440)
# A page is loaded in the first look and follows into the other; in the long trials it is loaded in each.
WALKS: list[Any] = [("zh-hans", (LIGHT, DARK)), ("zh-hant", (DARK, LIGHT))]
WALKS += [pytest.param(language, (look,), marks=pytest.mark.deep) for language in LANGUAGES for look in (LIGHT, DARK)]


@pytest.fixture(scope="module")
def pages(product: Served, chromium: Browser, session: dict[str, Any]) -> Iterator[list[str]]:
    """The pages, while there are two drafts: of a new scheme, and of one in which customers would move."""
    run = Workspace.open(product.folder).runs.published()
    assert run
    with opened_windows(chromium, product, session) as new:
        page = new().page
        page.goto(f"{product.url}/tiers/new/")
        page.click("button[value=membership]")
        page.goto(f"{product.url}/tiers/loyalty/edit/")
        page.fill("#tier-0-line", "80")
        page.click(".editor-foot button[value=save]")
        yield [path.format(run=run.id) for path in PAGES]
        for key in ("my_membership", "loyalty"):
            page.goto(f"{product.url}/tiers/{key}/edit/")
            with page.expect_navigation():
                page.locator("form[action$='/discard/']").evaluate("form => form.submit()")


def overflow_of(window: Window, look: Look, language: str) -> object:
    """Errors recorded since the last page, and whether the page is too wide or in another language."""
    window.show(*look)
    wide, spoken = window.page.evaluate(TOO_WIDE), window.page.locator("html").get_attribute("lang")
    wrong, window.wrong[:] = list(window.wrong), []
    return (wrong, wide, spoken) if wrong or wide > 0 or spoken != LANGUAGES[language] else None


def violations_of(window: Window, look: Look, options: dict[str, Any]) -> object:
    """The serious violations of the rules of accessibility, with the first elements that violate them."""
    window.show(*look)
    violations = window.page.evaluate(RUN_AXE, {"resultTypes": ["violations"], **options})
    grave = [fault for fault in violations if fault["impact"] in ("serious", "critical")]
    return [(fault["id"], [node["html"][:150] for node in fault["nodes"]][:3]) for fault in grave]


@pytest.mark.parametrize(("language", "looks"), WALKS)
def test_every_page_has_no_errors_and_no_overflow(
    window: Open, pages: list[str], language: str, looks: tuple[Look, ...]
) -> None:
    walker, faults = window(language=language), dict[object, object]()
    for path in pages:
        walker.show(*looks[0])
        walker.open(path)
        faults |= {(path, look): overflow_of(walker, look, language) for look in looks}
    assert {place: fault for place, fault in faults.items() if fault} == {}


@pytest.mark.parametrize("rules_when_dark", [COLOURS, pytest.param({}, marks=pytest.mark.deep)], ids=["quick", "all"])
def test_every_page_in_english_is_accessible_too(
    window: Open, pages: list[str], rules_when_dark: dict[str, Any]
) -> None:
    walker, faults, axe = window(language="en"), dict[object, object](), AXE.read_text("utf-8")
    for path in pages:
        walker.show(*LIGHT)
        walker.open(path).evaluate(axe)
        faults[path, "axe", LIGHT] = violations_of(walker, LIGHT, {})
        faults[path, "axe", DARK_AND_WIDE] = violations_of(walker, DARK_AND_WIDE, rules_when_dark)
        faults |= {(path, look): overflow_of(walker, look, "en") for look in (DARK, LIGHT)}
    assert {place: fault for place, fault in faults.items() if fault} == {}
