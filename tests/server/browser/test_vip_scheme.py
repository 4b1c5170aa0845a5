"""A membership scheme from the wizard to the explanation of one customer, in Chinese, by an operator."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.server.browser.conftest import MAIN, Served, sign_in

from custrata.lake import Workspace
from custrata.tiering import SchemeLibrary

LONG = 60_000
REASON = "创始会员，长期推荐新客户"


@pytest.fixture
def operator(chromium: Browser, product: Served) -> Page:
    """A window in which an operator signed in, in Simplified Chinese."""
    completed = subprocess.run(
        [sys.executable, "-c", MAIN, "manage", "create_person", "wang", "--role", "operator"],
        env=os.environ | {"CUSTRATA_WORKSPACE": str(product.folder)}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    password = re.search(r"\b\w{4}(?:-\w{4}){3}\b", completed.stdout)
    assert password, completed.stdout
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "django_language", "value": "zh-hans", "url": product.url}])
    page = context.new_page()
    sign_in(page, product.url, "wang", password[0])
    page.goto(f"{product.url}/")
    return page


def wait_for_refresh(page: Page, address: str) -> Page:
    """A new window, once no refresh is running: the old one polls, and may navigate at any moment."""
    window = page.context.new_page()
    page.close()
    for _ in range(120):
        if "<progress" not in window.request.get(address).text():
            return window
        window.wait_for_timeout(500)
    raise AssertionError("the refresh does not end")


def test_an_operator_makes_a_membership_and_gives_one_customer_a_tier(operator: Page, product: Served) -> None:
    page, url = operator, product.url
    draft_scheme(page, url)
    page = publish(page, url)
    version = SchemeLibrary(Workspace.open(product.folder)).published()["my_membership"]
    tiers = [(tier.key, str(tier.keep), tier.grace_days) for tier in version.definition.tiers]
    assert (version.by, version.note, len(tiers), tiers[0]) == ("wang", "年度会员", 5, ("black", "4/5", 60))
    override_tier(page, url)
    page.goto(f"{url}/customers/c007/?tab=timeline")
    expect(page.locator("main")).to_contain_text(REASON)
    page.goto(f"{url}/tiers/runs/")
    page.get_by_role("button", name="开始刷新").click()
    expect(page.locator("progress")).to_be_visible()
    page = wait_for_refresh(page, f"{url}/tiers/runs/")
    page.goto(f"{url}/customers/c007/?tab=why")
    expect(page.locator("main")).to_contain_text(REASON)
    expect(page.locator("main")).to_contain_text("会员等级")


def draft_scheme(page: Page, url: str) -> None:
    """Create the draft in the wizard: yearly spend, kept at 80 %, sixty days of grace."""
    page.goto(f"{url}/tiers/")
    page.get_by_role("link", name="新建分级方案").click()
    page.get_by_role("button", name="会员等级").click()
    expect(page.locator("#trait")).to_have_value("spend")
    expect(page.locator("#spread .drawn, #spread svg").first).to_be_visible()
    page.get_by_role("button", name="下一步").click()
    page.fill("#all-keep", "80")
    page.fill("#all-grace", "60")
    page.get_by_role("button", name="应用到所有等级").click()
    expect(page.locator("#tier-3-grace")).to_have_value("60")
    expect(page.locator("#sizes tbody tr")).to_have_count(5)
    page.fill("#tier-3-line", "800")
    expect(page.locator("#sizes")).to_contain_text("¥800")
    page.get_by_role("button", name="下一步：模拟").click()


def publish(page: Page, url: str) -> Page:
    """Simulate, publish and refresh; returns the window to continue in."""
    expect(page.locator("#publish")).to_contain_text("240 位客户按这个新方案分级", timeout=LONG)
    page.fill("#note", "年度会员")
    page.get_by_role("button", name="发布并刷新").click()
    expect(page.locator("main")).to_contain_text("年度会员")
    page = wait_for_refresh(page, f"{url}/tiers/my_membership/versions/")
    page.goto(f"{url}/tiers/my_membership/")
    for tier in ("黑钻", "钻石", "金卡", "银卡", "普通"):
        expect(page.locator("table.rungs")).to_contain_text(tier)
    return page


def override_tier(page: Page, url: str) -> None:
    """Put one customer into the second tier, with a reason."""
    page.goto(f"{url}/customers/c007/?tab=why")
    page.locator("a[href='/tiers/my_membership/by-hand/c007/']").click()
    page.select_option("#tier", label="钻石")
    page.fill("#reason", REASON)
    page.locator("form:has(#reason) button.btn-primary").click()
    page.wait_for_url(f"{url}/customers/c007/?tab=why")
