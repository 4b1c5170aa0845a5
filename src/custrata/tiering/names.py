"""What schemes, tiers and traits are called in a language; keys are for files, names for people."""

from __future__ import annotations

from custrata.wording import catalogue, phrase


def scheme_name(scheme: str, language: str) -> str:
    """The name of a scheme.

    >>> scheme_name("value", "zh-hans")
    '购买金额'
    """
    return phrase("tiers", f"schemes.{scheme}", language)


def tier_name(scheme: str, tier: str, language: str) -> str:
    """The name of a tier of a scheme.

    >>> tier_name("lifecycle", "at_risk", "en")
    'At risk'
    """
    return phrase("tiers", f"tiers.{scheme}.{tier}", language)


def trait_name(trait: str, language: str) -> str:
    """The label of a trait; a custom trait is called by its key."""
    names = catalogue()["traits"].get(trait)
    return names[language] if names else trait
