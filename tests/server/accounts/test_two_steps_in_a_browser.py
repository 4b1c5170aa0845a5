"""Two-step sign-in in a real browser under the content security policy."""

from __future__ import annotations

import os
from base64 import b32decode
from pathlib import Path

import pytest
from django_otp.oath import totp
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer
from tests.server.accounts.conftest import PASSWORD
from tests.server.conftest import Person

from custrata.lake import Workspace
from custrata.web.rights import Role

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("CUSTRATA_TEST_PICTURES", "")  # a folder, to look at the pages


def check_layout(page: Page, name: str) -> None:
    """Assert that nothing is wider than the screen, in every width and theme."""
    for width in (1440, 360):
        for scheme in ("light", "dark"):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"{name}-{width}-{scheme}.png", full_page=True)


def sign_in(page: Page, server: LiveServer) -> None:
    page.goto(f"{server.url}/account/sign-in/")
    page.fill("[name=username]", "operator")
    page.fill("[name=password]", PASSWORD)
    page.click("main form[action*='sign-in'] button.btn-primary")


def test_sets_up_signs_out_and_comes_in_with_a_recovery_code(
    chromium: Browser, served: Workspace, person: Person, live_server: LiveServer
) -> None:
    person(Role.OPERATOR)
    page, wrong = chromium.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    sign_in(page, live_server)
    page.goto(f"{live_server.url}/account/me/second-step/")
    check_layout(page, "off")
    page.fill("[name=present]", PASSWORD)
    page.click("text=Set up")
    check_layout(page, "set-up")
    secret = page.input_value("#secret").replace(" ", "")
    page.fill("[name=code]", f"{totp(b32decode(secret)):06}")
    page.click("text=Confirm and turn on")
    codes = page.locator("main code").all_inner_texts()
    check_layout(page, "codes")
    page.click("text=Done, I have saved them")
    check_layout(page, "on")
    page.context.clear_cookies()
    sign_in(page, live_server)
    check_layout(page, "second-step")
    page.fill("[name=code]", codes[0])
    page.click("main button.btn-primary")
    page.wait_for_selector("text=9 recovery codes left")
    page.close()
    assert wrong == []
