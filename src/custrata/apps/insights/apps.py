from __future__ import annotations

from custrata.apps.insights.rights import SEE_OVERVIEW
from custrata.web.manifest import App, Entry


class InsightsApp(App):
    name = "custrata.apps.insights"
    address = ""
    rights = (SEE_OVERVIEW,)
    menu = (Entry("insights.nav.overview", "layout-dashboard", "insights:overview", SEE_OVERVIEW, order=10),)
