from __future__ import annotations

from custrata.apps.tiers.rights import (
    OVERRIDE_TIERS,
    READ_CHANGES,
    READ_RUNS,
    SEE_RUNS,
    SEE_TIERS,
    WITHDRAW_RUNS,
    WRITE_OVERRIDES,
)
from custrata.web.manifest import App, Entry, Personal, Tab, TimelineKind


class TiersApp(App):
    name = "custrata.apps.tiers"
    address = "tiers/"
    rights = (SEE_TIERS, OVERRIDE_TIERS, SEE_RUNS, WITHDRAW_RUNS)
    scopes = (READ_CHANGES, READ_RUNS, WRITE_OVERRIDES)
    menu = (
        Entry("tiers.nav.tiers", "stack-2", "tiers:list", SEE_TIERS, order=20),
        Entry("tiers.nav.rfm_map", "grid-4x4", "tiers:rfm_map", SEE_TIERS, order=30),
        Entry("tiers.nav.runs", "refresh", "tiers:runs", SEE_RUNS, order=70),
    )
    routers = (
        "custrata.apps.tiers.api.overrides.router",
        "custrata.apps.tiers.api.changes.router",
        "custrata.apps.tiers.api.runs.router",
    )
    customer_tabs = (
        Tab(
            "why",
            "message-question",
            "tiers.tab.why",
            "tiers/parts/why.html",
            "custrata.apps.tiers.views.why.why_tab",
            20,
        ),
    )
    personal = (Personal("Override", ("scheme", "tier", "mode", "reason", "until", "approved_at")),)
    mentions_people = True
    timeline = (
        TimelineKind("override", "user-shield", template="tiers/parts/override_entry.html"),
        TimelineKind("override_ended", "user-shield", template="tiers/parts/override_entry.html"),
    )
    jobs = ("custrata.apps.tiers.jobs",)
