from __future__ import annotations

from custrata.apps.schemes.rights import EDIT_SCHEMES, READ_SCHEMES, SEE_DRAFTS, WRITE_SCHEMES
from custrata.web.manifest import App, Entry, SchemePart


class SchemesApp(App):
    name = "custrata.apps.schemes"
    address = "tiers/"  # the pages of a scheme stand below it, whichever app they are of
    rights = (SEE_DRAFTS, EDIT_SCHEMES)
    scopes = (READ_SCHEMES, WRITE_SCHEMES)
    routers = ("custrata.apps.schemes.api.schemes.router",)
    scheme_parts = (
        SchemePart(
            "custrata.apps.schemes.views.parts.scheme_parts",
            badges="schemes/parts/badges.html",
            actions="schemes/parts/actions.html",
            card="schemes/parts/card.html",
            buttons=(Entry("schemes.wizard.title", "plus", "schemes:new", EDIT_SCHEMES),),
        ),
    )
    mentions_people = True
