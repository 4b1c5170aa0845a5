"""Traits: one computed column of the profile each."""

from custrata.analytics.counted import Keep
from custrata.analytics.traits.build import KnownFacts, known_facts, order_traits, profile_of, traits
from custrata.analytics.traits.catalogue import CATALOGUE, Trait
from custrata.analytics.traits.comebacks import COMEBACK_DAYS, COMEBACKS, comebacks
from custrata.analytics.traits.composition import joined_by_customer
from custrata.analytics.traits.pace import Population
from custrata.analytics.traits.windowed import ONE_WINDOW, WINDOWED

__all__ = [
    "CATALOGUE",
    "COMEBACKS",
    "COMEBACK_DAYS",
    "ONE_WINDOW",
    "WINDOWED",
    "Keep",
    "KnownFacts",
    "Population",
    "Trait",
    "comebacks",
    "joined_by_customer",
    "known_facts",
    "order_traits",
    "profile_of",
    "traits",
]
