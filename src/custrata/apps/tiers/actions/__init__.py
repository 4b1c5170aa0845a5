"""What people do here: refresh, rebuild history, take tiers away as a file, give tiers by hand, publish schemes."""

from custrata.apps.tiers.actions.drafting import (
    BadKey,
    DraftChangedMeanwhile,
    KeyTaken,
    KindCannotChange,
    NoDraft,
    begin_scheme,
    copy_scheme,
    discard_draft,
    free_key,
    save_draft,
)
from custrata.apps.tiers.actions.overriding import (
    NoSuchTier,
    NothingToEnd,
    OverrideEndsBefore,
    OverrideNeedsReason,
    end_override,
    forget_erased,
    put_by_hand,
    said_of,
)
from custrata.apps.tiers.actions.publishing import (
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
    "KindCannotChange",
    "NoDraft",
    "NoSuchTier",
    "NothingToEnd",
    "OverrideEndsBefore",
    "OverrideNeedsReason",
    "RefreshTooEarly",
    "RefreshTooLate",
    "SentTwice",
    "WithdrawalNeedsReason",
    "apply_schemes",
    "begin_scheme",
    "copy_scheme",
    "discard_draft",
    "end_override",
    "forget_erased",
    "free_key",
    "publish_draft",
    "put_by_hand",
    "record_export",
    "restore_scheme",
    "retire_scheme",
    "roll_back",
    "said_of",
    "save_draft",
    "start_rebuild",
    "start_refresh",
    "start_withdrawal",
]
