"""Playbooks as a workspace has them: the shipped ones, and its own in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custrata.apps.playbooks.models import OwnPlaybook, Task
from custrata.pipeline.reading import Tiered, reading
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import KINDS, Action, NoSuchPlaybook, Playbook, playbook, playbooks
from custrata.web.workspace import published_run, workspace


@dataclass(frozen=True)
class Card:
    """A playbook as the list shows it: whether it is the workspace's own, and how many customers are in the tier."""

    playbook: Playbook
    own: bool
    customers: int | None


def has_playbook(scheme: str, tier: str) -> bool:
    """Whether a playbook ships for a tier."""
    return (scheme, tier) in playbooks()


def own_playbook(scheme: str, tier: str) -> OwnPlaybook | None:
    """What the workspace says instead of the shipped playbook."""
    return OwnPlaybook.objects.select_related("actor").filter(scheme=scheme, tier=tier).first()


def held_playbook(scheme: str, tier: str) -> Playbook:
    """The playbook of a tier as the workspace has it. Raises `NoSuchPlaybook`."""
    shipped = playbook(scheme, tier)
    own = own_playbook(scheme, tier)
    return playbook(scheme, tier, own.content) if own else shipped


def cards(scheme: str = "") -> list[tuple[str, list[Card]]]:
    """The playbooks of every scheme, or of one, with the tiers from the best down."""
    own = {(one.scheme, one.tier): one.content for one in OwnPlaybook.objects.all()}
    shipped, sizes = playbooks(), _sizes()
    found: list[tuple[str, list[Card]]] = []
    for key, held in BUILT_IN.items():
        tiers = [tier for tier in held.tiers if (key, tier) in shipped] if scheme in ("", key) else []
        if tiers:
            found.append((key, [_card(key, tier, own, sizes) for tier in tiers]))
    return found


def _card(scheme: str, tier: str, own: Mapping[tuple[str, str], object], sizes: Mapping[tuple[str, str], int]) -> Card:
    content = own.get((scheme, tier))
    return Card(playbook(scheme, tier, content), content is not None, sizes.get((scheme, tier)))


def _sizes() -> dict[tuple[str, str], int]:
    """How many customers the published run counted in each tier."""
    run = published_run()
    tiers = run.record["tiers"] if run is not None else {}
    return {(scheme, row["tier"]): row["customers"] for scheme, rows in tiers.items() for row in rows}


def kinds_of(found: Playbook) -> list[tuple[str, tuple[Action, ...]]]:
    """The five kinds in their order, each with its actions."""
    return [(kind, found.of_kind(kind)) for kind in KINDS]


def tier_customers(scheme: str, tier: str) -> int:
    """How many customers the published run has in a tier; 0 where it did not grade by the scheme."""
    held = reading(workspace())
    return held.count([Tiered(scheme, (tier,))]) if held is not None and f"{scheme}_tier" in held.columns else 0


def tier_ids(scheme: str, tier: str) -> list[str]:
    """Their ids. Ask `tier_customers` first: there may be a million."""
    held = reading(workspace())
    if held is None or f"{scheme}_tier" not in held.columns:
        return []
    return [str(one) for one in held.ids([Tiered(scheme, (tier,))]).to_pylist()]


def rhythm_of(task: Task) -> int | None:
    """After how many days the action of a task comes again, as its playbook says today."""
    try:
        action = held_playbook(task.scheme, task.tier).action(task.action)
    except NoSuchPlaybook:
        return None
    return action.every_days if action is not None else None


@dataclass(frozen=True)
class Step:
    """A tier a customer is in, and what its playbook says to do; `waiting` are the keys with an open task."""

    playbook: Playbook
    waiting: frozenset[str]


# The scheme that asks for something soonest comes first; these tiers of them ask for nothing of their own.
URGENT = ("need", "standing", "lifecycle", "combined", "value", "loyalty", "rfm")
QUIET = {("need", "none"), ("standing", "general")}


def next_steps(row: Mapping[str, object], open_tasks: Sequence[Task]) -> list[Step]:
    """What to do next with a customer, by the tiers in their row of the profile: the most urgent scheme first."""
    own = {(one.scheme, one.tier): one.content for one in OwnPlaybook.objects.all()}
    places = {scheme: place for place, scheme in enumerate(URGENT)}
    tiers = [(key, str(row[f"{key}_tier"])) for key in BUILT_IN if row.get(f"{key}_tier") is not None]
    wanted = [one for one in tiers if one in playbooks() and one not in QUIET]
    wanted.sort(key=lambda one: places.get(one[0], len(places)))
    busy = {one: frozenset(task.action for task in open_tasks if (task.scheme, task.tier) == one) for one in wanted}
    return [Step(playbook(*one, own.get(one)), busy[one]) for one in wanted]
