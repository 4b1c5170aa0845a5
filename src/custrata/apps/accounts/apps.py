from __future__ import annotations

from custrata.apps.accounts.rights import MANAGE_PEOPLE, MANAGE_WORKSPACE
from custrata.apps.accounts.settings import SECOND_FACTOR_ROLES, SIGN_IN_OVERALL, SIGN_IN_PER_ADDRESS
from custrata.web.manifest import App, Entry


class AccountsApp(App):
    name = "custrata.apps.accounts"
    address = "account/"
    rights = (MANAGE_PEOPLE, MANAGE_WORKSPACE)
    menu = (
        Entry("accounts.nav.me", "user-circle", "accounts:me", order=10, group="settings"),
        Entry("accounts.nav.people", "user-shield", "accounts:people", MANAGE_PEOPLE, order=20, group="settings"),
        Entry(
            "accounts.nav.workspace",
            "building-store",
            "accounts:workspace",
            MANAGE_WORKSPACE,
            order=30,
            group="settings",
        ),
    )
    settings = (SECOND_FACTOR_ROLES, SIGN_IN_PER_ADDRESS, SIGN_IN_OVERALL)
    jobs = ("custrata.apps.accounts.jobs",)
