"""What people do here: start a refresh, rebuild history, take tiers away as a file, give a tier by hand."""

from custrata.apps.tiers.actions.overriding import (
    NoSuchTier,
    NothingToEnd,
    OverrideEndsBefore,
    OverrideNeedsReason,
    end_override,
    forget_erased,
    put_by_hand,
)
from custrata.apps.tiers.actions.rebuilding import AlreadyRebuilding, start_rebuild
from custrata.apps.tiers.actions.refreshing import (
    AlreadyRefreshing,
    RefreshTooEarly,
    RefreshTooLate,
    record_export,
    start_refresh,
)

__all__ = [
    "AlreadyRebuilding",
    "AlreadyRefreshing",
    "NoSuchTier",
    "NothingToEnd",
    "OverrideEndsBefore",
    "OverrideNeedsReason",
    "RefreshTooEarly",
    "RefreshTooLate",
    "end_override",
    "forget_erased",
    "put_by_hand",
    "record_export",
    "start_rebuild",
    "start_refresh",
]
