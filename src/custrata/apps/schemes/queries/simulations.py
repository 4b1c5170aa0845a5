"""Previews and simulations of drafts on the published run."""

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


def current_decisions() -> Decisions:
    """The current manual decisions, including overrides, as the next refresh uses them."""
    return replace(decisions(), overrides=overrides())


def preview_draft(definition: Definition) -> Preview:
    """The size of each tier by value alone, ignoring keep lines and grace. Raises what `preview` raises."""
    with computing(), workspace().engine() as engine:
        return preview(workspace(), definition, engine)


def value_distribution(definition: Definition | str) -> Distribution:
    """The distribution of the value of a definition or a trait. Raises what `distribution` raises."""
    with computing(), workspace().engine() as engine:
        return distribution(workspace(), definition, engine, bins=BINS)


def simulate_draft(definition: Definition) -> Simulation:
    """The effect of publishing a definition. Raises what `simulate` raises."""
    with computing(), workspace().engine() as engine:
        writer = texts.writer("tiers")
        return simulate(workspace(), definition, engine, decisions=current_decisions(), movers=MOVERS, writer=writer)


def customer_names(customers: Collection[str]) -> dict[str, str]:
    """The names of these customers by id."""
    return dict(Customer.objects.filter(customer_id__in=customers).values_list("customer_id", "name"))
