"""Decisions in sentences: in full for staff, and in the short form that a customer may be told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from custrata.analytics.ladders import LadderStep
from custrata.analytics.moments import AsOf
from custrata.analytics.traits import CATALOGUE, WINDOWED
from custrata.criteria import Criteria, Names
from custrata.tiering.definitions import WINDOW
from custrata.tiering.explain import Decision, Explanation, Row, SchemeRecord
from custrata.tiering.names import notes_of, scheme_name, tier_name, trait_name
from custrata.tiering.silence_sentences import silence_sentences
from custrata.wording import catalogue
from custrata.wording.writer import Writer


def explain(
    scheme_key: str, row: Row, record: SchemeRecord, writer: Writer, *, as_of: AsOf | None = None
) -> Explanation:
    """Explain one tier from the customer's row of the published profile and what the run recorded of the scheme.

    Nothing is decided a second time: tier, value, status and points are those the run published, lines and shares
    those it graded by. With `as_of`, the instant of the run, it also says by when a tier must be kept.
    """
    decision = Decision(scheme_key, row, record, as_of)
    explainer = ExplanationWriter(decision, writer)
    next_tier, missing = decision.next_step
    return Explanation(
        scheme_key,
        decision.of("tier"),
        decision.of("since"),
        decision.of("value"),
        tuple((name, row.get(name)) for name in decision.inputs),
        decision.points,
        next_tier,
        missing,
        tuple(explainer.sentences()),
        tuple(explainer.short()),
        decision.of("status"),
        decision.of("until"),
        decision.outlook,
    )


def explain_move(scheme_key: str, row: Row, record: SchemeRecord, writer: Writer, *, source: str) -> list[str]:
    """Why a customer is no longer in the tier `source`, in a sentence or two: what decides, and the line between."""
    return list(ExplanationWriter(Decision(scheme_key, row, record), writer).moved(source))


def criteria_sentence(criteria: Criteria, writer: Writer) -> str:
    """A condition in words, traits and tiers by their names."""
    language = writer.language
    names: Names = {
        "name_of_trait": lambda trait: trait_name(trait, language),
        "unit_of_trait": lambda trait: CATALOGUE[trait].unit if trait in CATALOGUE else "",
        "name_of_scheme": lambda scheme: scheme_name(scheme, language),
        "name_of_tier": lambda scheme, tier: tier_name(scheme, tier, language),
    }
    return criteria.sentence(writer, **names)


class ExplanationWriter:
    """Puts one decision into sentences."""

    def __init__(self, decision: Decision, writer: Writer) -> None:
        self.decision, self.row, self.record = decision, decision.row, decision.record
        self.key = decision.key
        self.write, self.lives = replace(writer, area="tiers"), replace(writer, area="life")

    def sentences(self) -> Iterator[str]:
        """All of it, for staff."""
        yield self._where()
        if self._speaks():
            yield from self._why()
        else:
            yield self._phrase("nothing")
        yield from self._life()
        next_tier, missing = self.decision.next_step
        if next_tier is not None and missing is not None and self.key != "usage_cycle":
            yield self._missing(next_tier, missing)
        yield from notes_of(self.record, self.write.language)

    def short(self) -> Iterator[str]:
        """The tier, what the next one takes, and what keeps this one: no scores, no lines of others."""
        if not self.decision.definition.shown_to_customers or self.decision.of("status") == "override":
            return
        yield self._where()
        next_tier, missing = self.decision.next_step
        if next_tier is not None and missing is not None:
            yield self._missing(next_tier, missing)
        yield from self._keeps()

    def moved(self, source: str) -> Iterator[str]:
        """What decides, and the line that stands between the tier `source` and this one, where there are lines."""
        if self.decision.of("status") == "override":
            yield self.write("by_hand", reason=self.decision.of("reason"))
            return
        yield next(self._why(), self._phrase("nothing")) if self._speaks() else self._phrase("nothing")
        steps = self.decision.ladder.steps if self.decision.ladder is not None else ()
        between = [self._line(step) for step in steps if step.tier in (source, self.decision.of("tier"))]
        yield from between[:1]

    def _where(self) -> str:
        since = self.decision.of("since")
        facts = {
            "scheme": scheme_name(self.key, self.write.language, self.record),
            "tier": self._tier(self.decision.of("tier")),
        }
        if since is None:
            return self.write("where.plain", **facts)
        return self.write("where.since", since=self.write.day(since), **facts)

    def _why(self) -> Iterator[str]:
        match self.decision.kind:
            case "lifecycle":
                won_back = self.decision.of("tier") == "won_back"
                yield from silence_sentences(self.row, self.record["facts"], self.write, won_back=won_back)
            case "rfm":
                yield from self._rfm()
            case "rules":
                yield self._rule()
            case "tree":
                yield from self._leaf()
            case _:
                yield self._value()
        yield from self._parts()
        if self.decision.ladder is not None:
            yield from (self._line(step) for step in self.decision.ladder.steps)

    def _speaks(self) -> bool:
        """Whether there is a reason to explain."""
        return self.decision.of("value") is not None or self._unpaced() or self.decision.kind == "rules"

    def _line(self, step: LadderStep) -> str:
        assert self.decision.ladder is not None
        phrase = "line.most" if self.decision.ladder.less_is_better else "line.least"
        return self.write(phrase, tier=self._tier(step.tier), line=self._amount(step.line))

    def _parts(self) -> Iterator[str]:
        if self.decision.kind == "points":
            rules = self.decision.definition.settings["rules"]
            for name, points in self.decision.points.items():
                rule = rules[int(name.removeprefix("rule"))]
                rule_text = rule.name or criteria_sentence(rule.when, self.write)
                yield self.write("rule.points", rule=rule_text, points=self.write.signed(int(points)))
        elif self.decision.points:
            parts = (
                f"{self._factor(name)} {self.write.number(part, 2)}" for name, part in self.decision.points.items()
            )
            yield self.write("made_of", parts=self.write("comma").join(parts))

    def _factor(self, name: str) -> str:
        if f"points.{name}" in catalogue()["tiers"]:
            return self.write(f"points.{name}")
        return trait_name(self.decision.definition.settings["factors"][name].trait, self.write.language)

    def _rule(self) -> str:
        """Which rule held, in words."""
        rule_number = self.decision.of("rule")
        if rule_number is None:
            return self._phrase("nothing") if self.decision.as_shipped else self.write("rule.none")
        rule_numbers = self.record["facts"].get("asked") or range(rule_number + 1)
        own = f"rule.{self.key}.{rule_numbers[rule_number]}"
        if self.decision.as_shipped and own in catalogue()["tiers"]:
            return self.write(own)
        rule = self.decision.definition.settings["rules"][rule_numbers[rule_number]]
        return self.write("rule.held", rule=criteria_sentence(rule.when, self.write))

    def _leaf(self) -> Iterator[str]:
        """The questions that lead to the customer's leaf."""
        leaf = self.record["facts"]["leaves"].get(self.decision.of("tier"))
        if leaf is None:
            return
        signs = {"<=": "≤", ">": ">"}
        parts = (
            f"{trait_name(trait, self.write.language)} {signs[sign]} {self.write.number(Decimal(at), 2)}"
            for trait, sign, at in leaf["conditions"]
        )
        yield self.write("leaf", conditions=self.write("comma").join(parts))
        target = trait_name(self.decision.definition.settings["target"], self.write.language)
        mean = self.write.number(Decimal(leaf["mean"]), 2)
        yield self.write("leaf_mean", target=target, mean=mean, customers=self.write.number(leaf["customers"]))

    def _value(self) -> str:
        amount = self._amount(self.decision.of("value"))
        if self.decision.as_shipped and f"value.{self.key}" in catalogue()["tiers"]:
            return self.write(f"value.{self.key}", value=amount)
        if self.decision.kind in ("score", "points"):
            return self.write(f"value.any_{self.decision.kind}", value=amount)
        trait = (
            self.decision.definition.settings.get("trait")
            or self.decision.definition.settings.get("order_by")
            or self.key
        )
        window = self._window(trait)
        if not window:
            return self.write("value.any", trait=trait_name(trait, self.write.language), value=amount)
        named = f"windowed.{trait}"
        name = self.write(named) if named in catalogue()["tiers"] else trait_name(trait, self.write.language)
        return self.write("value.any_window", trait=name, window=window, value=amount)

    def _window(self, trait: str) -> str:
        """The window a trait is counted in, where it is not the usual one."""
        definition = self.decision.definition
        if definition.qualify == "since_review":
            return self.write("window.since_review")
        if trait not in WINDOWED or definition.window == WINDOW:
            return ""
        if definition.window is None:
            return self.write("window.all")
        return self.write("window.days", days=self.write.number(definition.window))

    def _missing(self, next_tier: str, missing: int | Decimal) -> str:
        facts = {"missing": self._amount(missing), "tier": self._tier(next_tier)}
        if self.decision.as_shipped and f"missing.{self.key}" in catalogue()["tiers"]:
            return self.write(f"missing.{self.key}", **facts)
        less = self.decision.ladder is not None and self.decision.ladder.less_is_better
        return self._ended(self.lives("next.less" if less else "next.more", **facts))

    def _phrase(self, name: str) -> str:
        own = f"{name}.{self.key}"
        return self.write(own if self.decision.as_shipped and own in catalogue()["tiers"] else f"{name}.any")

    def _life(self) -> Iterator[str]:
        """The status a tier has by its life, or that somebody gave it, and what keeps it."""
        status, until = self.decision.of("status"), self.decision.of("until")
        if status == "override":
            yield self.write("by_hand", reason=self.decision.of("reason"))
            yield self._ended(
                self.lives("until.override", day=self._last_day(until))
                if until
                else self.lives("until.override_for_good")
            )
            if (own := self.decision.of("own_tier")) is not None:
                yield self.write("by_hand_own", tier=self._tier(own))
            return
        if self.decision.life is None or status is None:
            return
        yield self.write("status", status=self.lives(f"statuses.{status}"))
        if until is not None:
            phrase = "until.grace" if status == "grace" else "until.validity"
            yield self._ended(self.lives(phrase, day=self._last_day(until)))
        yield from self._keeps()

    def _keeps(self) -> Iterator[str]:
        """What is lacking to keep the tier, and by when."""
        ahead = self.decision.outlook
        if ahead is None or ahead.keep_line is None or self.decision.life is None:
            return
        tier, less = self._tier(self.decision.of("tier")), "less" if self.decision.life.less_is_better else "more"
        if not ahead.keep_missing:
            if ahead.keep_missing is not None:
                yield self._ended(self.lives("keep.met", tier=tier, line=self._amount(ahead.keep_line)))
            return
        missing = self._amount(ahead.keep_missing)
        if ahead.keep_by is None:
            yield self._ended(self.lives(f"keep.{less}", missing=missing, tier=tier))
        else:
            day = self.write.day(ahead.keep_by)
            yield self._ended(self.lives(f"keep.{less}_by", missing=missing, tier=tier, day=day))

    def _ended(self, sentence: str) -> str:
        return sentence + self.write("full_stop")

    def _last_day(self, until: datetime) -> str:
        """The day that holds the last moment before an end."""
        return self.write.day(until - timedelta(microseconds=1))

    def _unpaced(self) -> bool:
        """Whether there are orders and yet no silence: nobody in the workspace has ordered on two days."""
        return self.decision.kind == "lifecycle" and bool(self.row.get("orders_all"))

    def _rfm(self) -> Iterator[str]:
        facts = self.record["facts"]
        means = rfm_reference(facts)
        recency, frequency, monetary = (self.decision.of(name) for name in ("recency", "frequency", "monetary"))
        yield self.write(
            "value.rfm_median" if facts.get("reference") == "median" else "value.rfm",
            recency=self.write.number(recency), recency_mean=self.write.number(means["r"], 1),
            frequency=self.write.number(frequency), frequency_mean=self.write.number(means["f"], 2),
            monetary=self.write.money(monetary, 2), monetary_mean=self.write.money(means["m"], 2),
        )  # fmt: skip
        if self.decision.of("label") is not None:
            r, f, m = (self.decision.of(f"{name}_score") for name in ("r", "f", "m"))
            yield self.write("scores", r=r, f=f, m=m, label=self.write(f"labels.{self.decision.of('label')}"))

    def _tier(self, tier: str) -> str:
        return tier_name(self.key, tier, self.write.language, self.record)

    def _amount(self, value: int | Decimal) -> str:
        exact = Decimal(value)
        match self.decision.unit:
            case "money":
                return self.write.money(exact, 2)
            case "share":
                return self.write.share(exact, 2)
            case "score" if self.decision.kind == "points":
                return self.write.number(exact)
            case "score" | "ratio":
                return self.write.number(exact, 2)
        return self.write.number(exact, 0 if exact == exact.to_integral_value() else 2)


def rfm_reference(facts: Mapping[str, Any]) -> dict[str, Decimal]:
    """The recency, frequency and monetary value at which the groups are parted: the means, or the medians."""
    if facts.get("reference") == "median":
        return {name: abs(Decimal(str(facts["medians"].get(name, 0)))) for name in ("r", "f", "m")}
    many = max(1, facts["customers"])
    return {name: abs(Decimal(str(facts["sums"][name]))) / many for name in ("r", "f", "m")}


def inputs_named(explanation: Explanation, language: str) -> dict[str, Any]:
    """The inputs under the names people read."""
    return {trait_name(name, language): value for name, value in explanation.inputs}
