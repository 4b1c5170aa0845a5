"""Actions: refreshes, rebuilds, withdrawals, exports, overrides, drafts and publication of schemes."""

from custrata.apps.tiers.actions.drafting import (
    BadKey,
    DraftChangedMeanwhile,
    KeyTaken,
    NoDraft,
    copy_scheme,
    create_scheme,
    discard_draft,
    free_key,
    save_draft,
)
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
from custrata.apps.tiers.actions.publishing import (
    PublicationAudit,
    SentTwice,
    apply_schemes,
    publish_draft,
    restore_scheme,
    retire_scheme,
    roll_back,
)
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
    "BadKey",
    "DraftChangedMeanwhile",
    "KeyTaken",
    "NoDraft",
    "NoSuchTier",
    "NothingToEnd",
    "OverrideEndsBefore",
    "OverrideNeedsReason",
    "PublicationAudit",
    "RefreshTooEarly",
    "RefreshTooLate",
    "SentTwice",
    "WithdrawalNeedsReason",
    "apply_schemes",
    "copy_scheme",
    "create_scheme",
    "delete_orphaned_overrides",
    "discard_draft",
    "end_override",
    "free_key",
    "override_data",
    "publish_draft",
    "record_export",
    "restore_scheme",
    "retire_scheme",
    "roll_back",
    "save_draft",
    "set_override",
    "start_rebuild",
    "start_refresh",
    "start_withdrawal",
]
