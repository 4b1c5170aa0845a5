"""Actions: drafts of schemes, and their publication."""

from custrata.apps.schemes.actions.drafting import (
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
from custrata.apps.schemes.actions.publishing import (
    SentTwice,
    apply_schemes,
    publish_draft,
    restore_scheme,
    retire_scheme,
    roll_back,
)

__all__ = [
    "BadKey",
    "DraftChangedMeanwhile",
    "KeyTaken",
    "NoDraft",
    "SentTwice",
    "apply_schemes",
    "copy_scheme",
    "create_scheme",
    "discard_draft",
    "free_key",
    "publish_draft",
    "restore_scheme",
    "retire_scheme",
    "roll_back",
    "save_draft",
]
