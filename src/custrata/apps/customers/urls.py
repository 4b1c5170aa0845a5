"""URL patterns. A customer id may contain anything, even slashes, so all other paths are below `-/`."""

from __future__ import annotations

from django.urls import path

from custrata.apps.customers.views import bulk, changing, erasing, lists, person, tags

app_name = "customers"
urlpatterns = [
    path("", lists.customer_list, name="list"),
    path("-/columns/", lists.columns, name="columns"),
    path("-/export/", lists.export, name="export"),
    path("-/together/tag/", bulk.tag, name="tag_together"),
    path("-/together/tag/<int:number>/", bulk.tagging, name="tagging"),
    path("-/together/owner/", bulk.own, name="own_together"),
    path("-/tags/", tags.tag_list, name="tags"),
    path("-/tags/make/", tags.make, name="make_tag"),
    path("-/tags/group/", tags.make_group, name="make_tag_group"),
    path("-/tags/<int:number>/remove/", tags.remove, name="remove_tag"),
    path("-/edit/", changing.edit, name="edit"),
    path("-/undo/", changing.undo, name="undo"),
    path("-/tag/", changing.tag, name="tag"),
    path("-/untag/", changing.untag, name="untag"),
    path("-/owner/", changing.own, name="own"),
    path("-/exclude/", changing.exclude, name="exclude"),
    path("-/include/", changing.include, name="include"),
    path("-/erasures/erase/", erasing.erase, name="erase"),
    path("-/erasures/", erasing.erasure_list, name="erasures"),
    path("-/erasures/<str:erasure>/lift/", erasing.lift, name="lift_erasure"),
    path("-/note/", changing.write_note, name="write_note"),
    path("-/note/remove/", changing.remove_note, name="remove_note"),
    path("<path:customer_id>/", person.customer, name="customer"),
]
