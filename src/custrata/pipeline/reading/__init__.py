"""Reading the published run: pages, counts and single customers, in milliseconds for a million customers.

from custrata.pipeline.reading import Tiered, reading

shop = reading(workspace)
if shop is not None:
    shop.customers([Tiered("value", ("high",))], columns=("name", "spend"), sort="spend", descending=True)
"""

from custrata.pipeline.graded import GradedMove, GradedRun, GradedScheme, GradedTier, RecordedHistogram, Totals
from custrata.pipeline.reading.changes import changes_of
from custrata.pipeline.reading.contacts import Contacts, contacts
from custrata.pipeline.reading.facts import CustomerFacts, Purchases, PurchaseShare, Sale, SourceValue, prepare_facts
from custrata.pipeline.reading.filters import Between, Filter, Ids, InRfmCell, Moved, Tiered, ValueIn
from custrata.pipeline.reading.history import Interval, history, history_of
from custrata.pipeline.reading.moves import Mover, Moves, biggest_movers, late_moves, moved_between, moves, moves_in
from custrata.pipeline.reading.profile import (
    NoSuchColumn,
    NoSuchRun,
    Reading,
    RunRemoved,
    reading,
    refuse_unpublished,
)
from custrata.pipeline.reading.shared_cards import SharedCard, likely_shared_cards
from custrata.pipeline.reading.stays import Stays, TierStays, stays

__all__ = [
    "Between",
    "Contacts",
    "CustomerFacts",
    "Filter",
    "GradedMove",
    "GradedRun",
    "GradedScheme",
    "GradedTier",
    "Ids",
    "InRfmCell",
    "Interval",
    "Moved",
    "Mover",
    "Moves",
    "NoSuchColumn",
    "NoSuchRun",
    "PurchaseShare",
    "Purchases",
    "Reading",
    "RecordedHistogram",
    "RunRemoved",
    "Sale",
    "SharedCard",
    "SourceValue",
    "Stays",
    "TierStays",
    "Tiered",
    "Totals",
    "ValueIn",
    "biggest_movers",
    "changes_of",
    "contacts",
    "history",
    "history_of",
    "late_moves",
    "likely_shared_cards",
    "moved_between",
    "moves",
    "moves_in",
    "prepare_facts",
    "reading",
    "refuse_unpublished",
    "stays",
]
