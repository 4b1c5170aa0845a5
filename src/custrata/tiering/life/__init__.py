"""The life of a tier: entry, keep, validity, grace, review and exit, for any scheme with a numeric value."""

from custrata.tiering.life.outlook import Outlook, outlook
from custrata.tiering.life.reviews import next_review, review_start
from custrata.tiering.life.rules import Life, LifeTier, Review
from custrata.tiering.life.terms import Term
from custrata.tiering.life.transition import LIVED, REASONS, STATE, STATUSES, live

__all__ = [
    "LIVED",
    "REASONS",
    "STATE",
    "STATUSES",
    "Life",
    "LifeTier",
    "Outlook",
    "Review",
    "Term",
    "live",
    "next_review",
    "outlook",
    "review_start",
]
