from __future__ import annotations

from custrata.apps.accounts.rights import MANAGE_WORKSPACE
from custrata.web.manifest import App, Entry


class StorageApp(App):
    name = "custrata.apps.storage"
    address = "storage/"
    menu = (Entry("storage.nav.storage", "database", "storage:disk", MANAGE_WORKSPACE, order=40, group="settings"),)
    jobs = ("custrata.apps.storage.jobs",)
