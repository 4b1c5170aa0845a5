"""Traits: one computed column of the profile each."""

from custrata.analytics.traits.build import Keep, Known, known_facts, order_traits, profile_of, traits
from custrata.analytics.traits.catalogue import CATALOGUE, Trait
from custrata.analytics.traits.composition import joined_by_customer
from custrata.analytics.traits.pace import Population

__all__ = [
    "CATALOGUE",
    "Keep",
    "Known",
    "Population",
    "Trait",
    "joined_by_customer",
    "known_facts",
    "order_traits",
    "profile_of",
    "traits",
]
