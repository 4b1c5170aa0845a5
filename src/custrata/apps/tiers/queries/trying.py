"""Drafts tried out on the published run: sizes while one edits, and the whole effect before one publishes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from custrata.apps.customers.models import Customer
from custrata.apps.customers.queries import decisions
from custrata.apps.tiers.queries.overrides import overrides
from custrata.pipeline.decisions import Decisions
from custrata.pipeline.simulation import Distribution, Preview, Simulation, distribution, preview, simulate
from custrata.tiering import Definition
from custrata.web import texts
from custrata.web.computing import computing
from custrata.web.workspace import workspace

BINS, MOVERS = 40, 50


def people_decided() -> Decisions:
    """What people decided, tiers by hand among it, as the next refresh takes it."""
    return replace(decisions(), overrides=overrides())


def previewed(definition: Definition) -> Preview:
    """How many customers each tier would hold by value alone. Raises what `preview` raises."""
    with computing(), workspace().engine() as engine:
        return preview(workspace(), definition, engine)


def spread_of(definition: Definition | str) -> Distribution:
    """How the value of a definition, or of a trait, lies. Raises what `distribution` raises."""
    with computing(), workspace().engine() as engine:
        return distribution(workspace(), definition, engine, bins=BINS)


def simulated(definition: Definition) -> Simulation:
    """What publishing a definition would do. Raises what `simulate` raises."""
    with computing(), workspace().engine() as engine:
        writer = texts.writer("tiers")
        return simulate(workspace(), definition, engine, decisions=people_decided(), movers=MOVERS, writer=writer)


def names_of(customers: Collection[str]) -> dict[str, str]:
    """What these customers are called."""
    return dict(Customer.objects.filter(customer_id__in=customers).values_list("customer_id", "name"))
