"""The playbooks of a workspace: the shipped ones and its own replacements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from custrata.apps.playbooks.models import OwnPlaybook, Task
from custrata.pipeline.reading import Tiered, reading
from custrata.tiering import BUILT_IN
from custrata.tiering.playbooks import KINDS, Action, NoSuchPlaybook, Playbook, playbook, playbooks
from custrata.web.workspace import published_run, workspace


@dataclass(frozen=True)
class PlaybookCard:
    """A playbook in the list: whether it is the workspace's own, and the number of customers in the tier."""

    playbook: Playbook
    own: bool
    customers: int | None


def has_playbook(scheme: str, tier: str) -> bool:
    """Whether a playbook ships for a tier."""
    return (scheme, tier) in playbooks()


def _own_playbook(scheme: str, tier: str) -> OwnPlaybook | None:
    """The workspace's replacement of a shipped playbook, if any."""
    return OwnPlaybook.objects.select_related("actor").filter(scheme=scheme, tier=tier).first()


def effective_playbook(scheme: str, tier: str) -> Playbook:
    """The playbook of a tier that is in effect in the workspace. Raises `NoSuchPlaybook`."""
    return playbook_and_own(scheme, tier)[0]


def playbook_and_own(scheme: str, tier: str) -> tuple[Playbook, OwnPlaybook | None]:
    """The playbook of a tier that is in effect, and the workspace's replacement. Raises `NoSuchPlaybook`."""
    shipped = playbook(scheme, tier)
    own = _own_playbook(scheme, tier)
    return (playbook(scheme, tier, own.content) if own else shipped), own


def cards(scheme: str = "") -> list[tuple[str, list[PlaybookCard]]]:
    """The playbooks of every scheme, or of one, with tiers from best to worst."""
    own = {(row.scheme, row.tier): row.content for row in OwnPlaybook.objects.all()}
    shipped, sizes = playbooks(), _sizes()
    cards_by_scheme: list[tuple[str, list[PlaybookCard]]] = []
    for key, definition in BUILT_IN.items():
        tiers = [tier for tier in definition.tiers if (key, tier) in shipped] if scheme in ("", key) else []
        if tiers:
            cards_by_scheme.append((key, [_card(key, tier, own, sizes) for tier in tiers]))
    return cards_by_scheme


def _card(
    scheme: str, tier: str, own: Mapping[tuple[str, str], object], sizes: Mapping[tuple[str, str], int]
) -> PlaybookCard:
    content = own.get((scheme, tier))
    return PlaybookCard(playbook(scheme, tier, content), content is not None, sizes.get((scheme, tier)))


def _sizes() -> dict[tuple[str, str], int]:
    """The number of customers in each tier of the published run."""
    run = published_run()
    schemes = {} if run is None else run.schemes
    return {(key, tier.key): tier.customers for key, graded in schemes.items() for tier in graded.sizes.values()}


def kinds_of(playbook: Playbook) -> list[tuple[str, tuple[Action, ...]]]:
    """The five kinds in order, each with its actions."""
    return [(kind, playbook.of_kind(kind)) for kind in KINDS]


def tier_customers(scheme: str, tier: str) -> int:
    """The number of customers in a tier of the published run; 0 if the run did not grade by the scheme."""
    published = reading(workspace())
    return (
        published.count([Tiered(scheme, (tier,))])
        if published is not None and f"{scheme}_tier" in published.columns
        else 0
    )


def tier_ids(scheme: str, tier: str) -> list[str]:
    """The ids of these customers; check `tier_customers` first, since there may be a million."""
    published = reading(workspace())
    if published is None or f"{scheme}_tier" not in published.columns:
        return []
    return [str(customer_id) for customer_id in published.ids([Tiered(scheme, (tier,))]).to_pylist()]


def repeat_days(task: Task) -> int | None:
    """The interval in days after which the action of a task recurs by its current playbook; None if it does not."""
    try:
        action = effective_playbook(task.scheme, task.tier).action(task.action)
    except NoSuchPlaybook:
        return None
    return action.every_days if action is not None else None


@dataclass(frozen=True)
class PlaybookStep:
    """The playbook of a customer's tier; `waiting` are the keys of actions with an open task."""

    playbook: Playbook
    waiting: frozenset[str]


# Schemes by urgency, and tiers without next steps of their own.
URGENT = ("need", "standing", "lifecycle", "combined", "value", "loyalty", "rfm")
QUIET = {("need", "none"), ("standing", "general")}


def next_steps(row: Mapping[str, object], open_tasks: Sequence[Task]) -> list[PlaybookStep]:
    """The next steps for a customer by the tiers in their profile row, most urgent scheme first."""
    own = {(row.scheme, row.tier): row.content for row in OwnPlaybook.objects.all()}
    places = {scheme: place for place, scheme in enumerate(URGENT)}
    tiers = [(key, str(row[f"{key}_tier"])) for key in BUILT_IN if row.get(f"{key}_tier") is not None]
    relevant = [scheme_tier for scheme_tier in tiers if scheme_tier in playbooks() and scheme_tier not in QUIET]
    relevant.sort(key=lambda scheme_tier: places.get(scheme_tier[0], len(places)))
    busy = {
        scheme_tier: frozenset(task.action for task in open_tasks if (task.scheme, task.tier) == scheme_tier)
        for scheme_tier in relevant
    }
    return [PlaybookStep(playbook(*scheme_tier, own.get(scheme_tier)), busy[scheme_tier]) for scheme_tier in relevant]
