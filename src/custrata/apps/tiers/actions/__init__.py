"""Actions: refreshes, rebuilds, withdrawals, exports and overrides; publications in the audit."""

from custrata.apps.tiers.actions.overriding import (
    NoSuchTier,
    NothingToEnd,
    OverrideEndsBefore,
    OverrideNeedsReason,
    delete_orphaned_overrides,
    end_override,
    override_data,
    set_override,
)
from custrata.apps.tiers.actions.publication_audit import PublicationAudit
from custrata.apps.tiers.actions.rebuilding import AlreadyRebuilding, start_rebuild
from custrata.apps.tiers.actions.refreshing import (
    AlreadyRefreshing,
    RefreshTooEarly,
    RefreshTooLate,
    record_export,
    start_refresh,
)
from custrata.apps.tiers.actions.withdrawing import WithdrawalNeedsReason, start_withdrawal

__all__ = [
    "AlreadyRebuilding",
    "AlreadyRefreshing",
    "NoSuchTier",
    "NothingToEnd",
    "OverrideEndsBefore",
    "OverrideNeedsReason",
    "PublicationAudit",
    "RefreshTooEarly",
    "RefreshTooLate",
    "WithdrawalNeedsReason",
    "delete_orphaned_overrides",
    "end_override",
    "override_data",
    "record_export",
    "set_override",
    "start_rebuild",
    "start_refresh",
    "start_withdrawal",
]
