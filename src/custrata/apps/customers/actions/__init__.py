"""Actions on customers."""

from custrata.apps.customers.actions.columns import choose_columns
from custrata.apps.customers.actions.deletion import ServerDatabase, delete_customers
from custrata.apps.customers.actions.editing import NotEditable, NothingToUndo, UnusableValue, edit_attribute, undo_edit
from custrata.apps.customers.actions.erasing import StartedErasure, lift_erasure, server_database, start_erasure
from custrata.apps.customers.actions.excluding import exclude_customers, include_customers
from custrata.apps.customers.actions.exporting import record_export
from custrata.apps.customers.actions.lookups import NoSuchCustomer, lock_customer
from custrata.apps.customers.actions.notes import (
    EmptyNote,
    NoSuchNote,
    NoteTooLong,
    NotYourNote,
    remove_note,
    write_note,
)
from custrata.apps.customers.actions.owning import NoSuchOwner, assign_owner
from custrata.apps.customers.actions.syncing import SyncResult, is_synced, sync_customers
from custrata.apps.customers.actions.tagging import (
    BulkResult,
    NameTaken,
    NoSuchGroup,
    NoSuchTag,
    UnusableName,
    make_tag,
    make_tag_group,
    remove_tag,
    tag_customers,
    untag_customers,
)
from custrata.apps.customers.actions.tagging_many import ListMovedOn, TaggingRequest, start_tagging
from custrata.apps.customers.actions.timeline import record_with_timeline

__all__ = [
    "BulkResult",
    "EmptyNote",
    "ListMovedOn",
    "NameTaken",
    "NoSuchCustomer",
    "NoSuchGroup",
    "NoSuchNote",
    "NoSuchOwner",
    "NoSuchTag",
    "NotEditable",
    "NotYourNote",
    "NoteTooLong",
    "NothingToUndo",
    "ServerDatabase",
    "StartedErasure",
    "SyncResult",
    "TaggingRequest",
    "UnusableName",
    "UnusableValue",
    "assign_owner",
    "choose_columns",
    "delete_customers",
    "edit_attribute",
    "exclude_customers",
    "include_customers",
    "is_synced",
    "lift_erasure",
    "lock_customer",
    "make_tag",
    "make_tag_group",
    "record_export",
    "record_with_timeline",
    "remove_note",
    "remove_tag",
    "server_database",
    "start_erasure",
    "start_tagging",
    "sync_customers",
    "tag_customers",
    "undo_edit",
    "untag_customers",
    "write_note",
]
