from __future__ import annotations

from custrata.apps.audit.rights import SEE_AUDIT
from custrata.web.manifest import App, Entry, Personal


class AuditApp(App):
    name = "custrata.apps.audit"
    address = "audit/"
    rights = (SEE_AUDIT,)
    menu = (Entry("audit.nav.audit", "history", "audit:list", SEE_AUDIT, order=70, group="settings"),)
    personal = (Personal("Change", ("at", "action", "before", "after"), erased=False, moves=False),)  # emptied instead
    mentions_people = True
