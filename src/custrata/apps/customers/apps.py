from __future__ import annotations

from custrata.apps.customers.rights import (
    ASSIGN_OWNERS,
    EDIT_CUSTOMERS,
    ERASE_CUSTOMERS,
    EXPORT,
    READ_CUSTOMERS,
    SEE_CUSTOMERS,
    WRITE_ERASURES,
)
from custrata.web.manifest import App, Entry, Tab, TimelineKind

VIEWS, PARTS, ENTRIES = "custrata.apps.customers.views.person", "customers/parts", "customers/happenings"


class CustomersApp(App):
    name = "custrata.apps.customers"
    address = "customers/"
    rights = (SEE_CUSTOMERS, EDIT_CUSTOMERS, ASSIGN_OWNERS, EXPORT, ERASE_CUSTOMERS)
    scopes = (READ_CUSTOMERS, WRITE_ERASURES)
    menu = (
        Entry("customers.nav.customers", "users", "customers:list", SEE_CUSTOMERS, order=40),
        Entry("customers.nav.erasures", "user-off", "customers:erasures", ERASE_CUSTOMERS, order=60, group="settings"),
    )
    routers = ("custrata.apps.customers.api.router",)
    customer_tabs = (
        Tab("portrait", "user", "customers.tab.portrait", f"{PARTS}/portrait.html", f"{VIEWS}.portrait_tab", order=10),
        Tab("history", "timeline", "customers.tab.history", f"{PARTS}/history.html", f"{VIEWS}.history_tab", order=30),
        Tab(
            "timeline", "history", "customers.tab.timeline", f"{PARTS}/timeline.html", f"{VIEWS}.timeline_tab", order=40
        ),
        Tab(
            "purchases",
            "shopping-cart",
            "customers.tab.purchases",
            f"{PARTS}/purchases.html",
            f"{VIEWS}.purchases_tab",
            order=50,
        ),
        Tab("notes", "notes", "customers.tab.notes", f"{PARTS}/notes.html", f"{VIEWS}.notes_tab", order=60),
    )
    timeline = (
        TimelineKind("tier", "stack-2", template=f"{ENTRIES}/tier.html"),
        TimelineKind("order", "shopping-cart", template=f"{ENTRIES}/order.html"),
        TimelineKind("return", "arrow-back-up", template=f"{ENTRIES}/order.html"),
        TimelineKind("event", "activity", template=f"{ENTRIES}/event.html"),
        TimelineKind("feedback", "message", template=f"{ENTRIES}/feedback.html"),
        TimelineKind("edit", "pencil", template=f"{ENTRIES}/edit.html"),
        TimelineKind("undo", "pencil", template=f"{ENTRIES}/edit.html"),
        TimelineKind("tag", "tag"),
        TimelineKind("untag", "tag"),
        TimelineKind("own", "user-check", template=f"{ENTRIES}/own.html"),
        TimelineKind("exclude", "x", detail="reason"),
        TimelineKind("include", "circle-check"),
        TimelineKind("write_note", "notes"),
        TimelineKind("remove_note", "notes"),
    )
    jobs = ("custrata.apps.customers.jobs",)
