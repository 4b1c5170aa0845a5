"""What is done with customers."""

from custrata.apps.customers.actions.columns import choose_columns
from custrata.apps.customers.actions.editing import NotEditable, NothingToUndo, UnusableValue, edit_attribute, undo_edit
from custrata.apps.customers.actions.erasing import Started, lift_erasure, server_database, start_erasure
from custrata.apps.customers.actions.excluding import exclude_customers, include_customers
from custrata.apps.customers.actions.exporting import record_export
from custrata.apps.customers.actions.following import Followed, follow_lake, is_followed
from custrata.apps.customers.actions.forgetting import ServerDatabase, forget
from custrata.apps.customers.actions.known import NoSuchCustomer, held_customer
from custrata.apps.customers.actions.notes import (
    EmptyNote,
    NoSuchNote,
    NoteTooLong,
    NotYourNote,
    remove_note,
    write_note,
)
from custrata.apps.customers.actions.owning import NoSuchOwner, assign_owner
from custrata.apps.customers.actions.tagging import (
    Done,
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
from custrata.apps.customers.actions.tagging_many import ListMovedOn, Many, start_tagging
from custrata.apps.customers.actions.timeline import record_on_timeline

__all__ = [
    "Done",
    "EmptyNote",
    "Followed",
    "ListMovedOn",
    "Many",
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
    "Started",
    "UnusableName",
    "UnusableValue",
    "assign_owner",
    "choose_columns",
    "edit_attribute",
    "exclude_customers",
    "follow_lake",
    "forget",
    "held_customer",
    "include_customers",
    "is_followed",
    "lift_erasure",
    "make_tag",
    "make_tag_group",
    "record_export",
    "record_on_timeline",
    "remove_note",
    "remove_tag",
    "server_database",
    "start_erasure",
    "start_tagging",
    "tag_customers",
    "undo_edit",
    "untag_customers",
    "write_note",
]
