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
from custrata.web.manifest import App, Entry, ListColumn, ListFilter, Personal, Tab, TimelineKind

QUERIES, VIEWS = "custrata.apps.customers.queries", "custrata.apps.customers.views.person"
PARTS, ENTRIES = "customers/parts", "customers/happenings"


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
    list_columns = (
        ListColumn("owner", "customers.column.owner", "owner", f"{QUERIES}.customers.owner_values"),
        ListColumn("tags", "customers.column.tags", "tags", f"{QUERIES}.customers.tag_values"),
    )
    list_filters = (
        ListFilter(
            "tag",
            "customers.column.tags",
            choices=f"{QUERIES}.filters.tag_choices",
            customers=f"{QUERIES}.filters.tagged",
            chip=f"{QUERIES}.filters.tag_chip",
        ),
        ListFilter(
            "owner",
            "customers.column.owner",
            choices=f"{QUERIES}.filters.owner_choices",
            customers=f"{QUERIES}.filters.owned",
            chip=f"{QUERIES}.filters.owner_chip",
        ),
    )
    personal = (
        Personal("Customer", ("name", "phone", "email", "company", "owner__username"), moves=False),
        Personal("Edit", ("attribute", "value", "at")),
        Personal("CustomerTag", ("tag__name", "at")),
        Personal("Note", ("text", "at")),
        Personal("TimelineEntry", ("at", "kind", "facts")),
    )
    mentions_people = True
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
