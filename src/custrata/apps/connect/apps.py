from __future__ import annotations

from custrata.apps.connect.rights import MANAGE_TOKENS
from custrata.web.manifest import App, Entry


class ConnectApp(App):
    name = "custrata.apps.connect"
    address = "tokens/"
    rights = (MANAGE_TOKENS,)
    menu = (Entry("connect.nav.tokens", "key", "connect:tokens", MANAGE_TOKENS, order=50, group="settings"),)
    token_lookup = "custrata.apps.connect.actions.authenticate"
