from __future__ import annotations

from custrata.apps.audit.rights import SEE_AUDIT
from custrata.web.manifest import App, Entry


class AuditApp(App):
    name = "custrata.apps.audit"
    address = "audit/"
    rights = (SEE_AUDIT,)
    menu = (Entry("audit.nav.audit", "history", "audit:list", SEE_AUDIT, order=70, group="settings"),)
