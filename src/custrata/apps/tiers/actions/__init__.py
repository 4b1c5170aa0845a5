"""What people do here: start a refresh, take tiers away as a file, give a tier by hand."""

from custrata.apps.tiers.actions.applying import SentTwice, apply_schemes, apply_version
from custrata.apps.tiers.actions.overriding import (
    NoSuchTier,
    NothingToEnd,
    OverrideEndsBefore,
    OverrideNeedsReason,
    end_override,
    forget_erased,
    put_by_hand,
)
from custrata.apps.tiers.actions.refreshing import (
    AlreadyRefreshing,
    RefreshTooEarly,
    RefreshTooLate,
    record_export,
    start_refresh,
)

__all__ = [
    "AlreadyRefreshing",
    "NoSuchTier",
    "NothingToEnd",
    "OverrideEndsBefore",
    "OverrideNeedsReason",
    "RefreshTooEarly",
    "RefreshTooLate",
    "SentTwice",
    "apply_schemes",
    "apply_version",
    "end_override",
    "forget_erased",
    "put_by_hand",
    "record_export",
    "start_refresh",
]
