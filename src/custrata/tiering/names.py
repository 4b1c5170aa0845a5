"""What schemes, tiers and traits are called in a language; keys are for files, names for people.

A custom scheme has its names in its definition, which a run records; so callers pass the run's record of the scheme
where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from custrata.wording import LANGUAGES, catalogue, phrase

SchemeRecord = Mapping[str, Any]


def scheme_name(scheme: str, language: str, record: SchemeRecord | None = None) -> str:
    """The name of a scheme.

    >>> scheme_name("value", "zh-hans")
    '购买金额'
    >>> scheme_name("vip", "en", {"definition": {"names": {"zh-hans": "会员等级"}}})
    '会员等级'
    """
    return _own_name(_definition(record), language) or _shipped_name(f"schemes.{scheme}", language) or scheme


def tier_name(scheme: str, tier: str, language: str, record: SchemeRecord | None = None) -> str:
    """The name of a tier of a scheme.

    >>> tier_name("lifecycle", "at_risk", "en")
    'At risk'
    """
    tiers = {tier_data["key"]: tier_data for tier_data in _definition(record).get("tiers", ())}
    own = _own_name(tiers.get(tier, {}), language)
    return own or _shipped_name(f"tiers.{scheme}.{tier}", language) or _numbered_name(tier, language) or tier


def about_scheme(scheme: str, language: str, record: SchemeRecord | None = None) -> str:
    """What a scheme of one's own is for, as its definition says; empty where it does not."""
    return _own_name({"names": _definition(record).get("about") or {}}, language)


def notes_of(record: SchemeRecord, language: str) -> list[str]:
    """The remarks of a run on a scheme, in sentences; one that waits for data says for which."""
    return [_note(note, record, language) for note in record.get("notes", ())]


def _note(note: str, record: SchemeRecord, language: str) -> str:
    facts = record.get("facts") or {}
    if note == "shares_missed" and facts.get("missed"):
        return _missed_note(facts["missed"], record, language)
    if note == "waiting_least" and "least" in facts:
        return phrase("tiers", f"notes.{note}_of", language, customers=facts["customers"], least=facts["least"])
    if note == "uncovered" and facts.get("uncovered"):
        traits = phrase("tiers", "comma", language).join(trait_name(name, language) for name in facts["uncovered"])
        return phrase("tiers", "notes.uncovered_of", language, traits=traits)
    if note == "uncertain_k" and facts.get("uncertain_k"):
        k, rival = facts["uncertain_k"]
        return phrase("tiers", "notes.uncertain_k_of", language, k=k, rival=rival)
    if note == "tiny_clusters" and facts.get("tiny"):
        key = _definition(record).get("key", "")
        tiers = phrase("tiers", "comma", language).join(
            tier_name(key, tier, language, record) for tier in facts["tiny"]
        )
        return phrase("tiers", "notes.tiny_clusters_of", language, tiers=tiers)
    missing = facts.get("missing") or ()
    if note not in ("waiting_trait", "rules_left_out") or not missing:
        return phrase("tiers", f"notes.{note}", language)
    inputs = phrase("tiers", "comma", language).join(input_name(name, language) for name in missing)
    return phrase("tiers", f"notes.{note}_of", language, missing=inputs)


def _missed_note(missed: Sequence[Mapping[str, Any]], record: SchemeRecord, language: str) -> str:
    """Which tiers equal values left empty or made far too large, with their sizes and shares."""
    key = _definition(record).get("key", "")
    parts = [
        phrase(
            "tiers",
            "notes.share_missed",
            language,
            tier=tier_name(key, miss["tier"], language, record),
            customers=miss["customers"],
            share=f"{float(Fraction(miss['share'])):.0%}",
        )
        for miss in missed
    ]
    return phrase("tiers", "notes.shares_missed_of", language, tiers=phrase("tiers", "comma", language).join(parts))


def input_name(name: str, language: str) -> str:
    """What a column of the profile, or a table of facts, is called that a scheme reads."""
    return _shipped_name(f"inputs.{name}", language) or trait_name(name, language)


def trait_name(trait: str, language: str) -> str:
    """The label of a trait; a custom trait is called by its key."""
    return _shipped_name(trait, language, "traits") or trait


def _definition(record: SchemeRecord | None) -> Mapping[str, Any]:
    return (record or {}).get("definition") or {}


def _own_name(named: Mapping[str, Any], language: str) -> str:
    """The name in the language, else in one that the reader is likely to read."""
    names = named.get("names") or {}
    order = (language, *(other for other in LANGUAGES if other[:2] == language[:2]), *LANGUAGES)
    return next((str(names[code]) for code in order if code in names), "")


def _shipped_name(name: str, language: str, area: str = "tiers") -> str:
    return catalogue()[area].get(name, {}).get(language, "")


def _numbered_name(tier: str, language: str) -> str:
    """Tiers that come out of the data: `c1` is a cluster, `leaf1` a leaf of a tree."""
    for prefix in ("leaf", "c"):
        number = tier.removeprefix(prefix)
        if tier.startswith(prefix) and number.isdigit():
            return phrase("tiers", f"numbered.{prefix}", language, number=number)
    return ""
