"""Simulations and differences on the terminal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import yaml

from custrata.cli.session import Session, say
from custrata.cli.tables import draw
from custrata.pipeline.simulation import SimulatedMove, Simulation
from custrata.tiering.comparing import Difference
from custrata.tiering.names import tier_name
from custrata.wording.writer import Writer


def show_difference(difference: Difference) -> None:
    """Print one difference, as in `  tiers.gold.line: 5000 → 4000`."""
    was, now = _flow(difference.was), _flow(difference.now)
    if difference.was is None:
        say(f"  + {difference.place}: {now}")
    elif difference.now is None:
        say(f"  - {difference.place}: {was}")
    else:
        say(f"  ~ {difference.place}: {was} → {now}")


def _flow(value: Any) -> str:
    """Plain values in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=10**6)
    return str(text).removesuffix("\n").removesuffix("\n...")


def show_simulation(session: Session, done: Simulation, *, people: int) -> None:
    """The tiers before and after, who moves where, what it costs, and some who move."""
    tiers, write = session.writer("tiers"), session.writer("cli")
    for note in done.notes:
        say("  " + tiers(f"notes.{note}"))
    if done.waits:
        return
    say(_indented(_tiers(session, done, write)))
    moves = [move for move in done.moves if move.direction not in ("stayed", "entered")]
    for move in moves:
        say("  " + _move(session, done, move, write))
    if not moves and any(move.direction == "stayed" for move in done.moves):
        say("  " + write("schemes.nobody_moves"))
    if done.cost is not None:
        before = write("schemes.cost_before", cost=write.money(done.cost_before, 2)) if done.cost_before else ""
        say("  " + write("schemes.cost", cost=write.money(done.cost, 2)) + before)
    for mover in done.movers[:people]:
        moved = f"{_name(session, done, mover.source)} → {_name(session, done, mover.target)}"
        say(f"  {mover.customer_id}: {moved}  {mover.reason}")


def _tiers(session: Session, done: Simulation, write: Writer) -> str:
    rows = [
        [
            f"{done.key}.{size.tier}",
            _name(session, done, size.tier),
            size.customers,
            "" if size.before is None else write.signed(size.customers - size.before),
            write.share(size.share),
            write.money(size.revenue, 2),
            write.share(size.revenue_share),
            _line(done, size.tier),
        ]
        for size in done.tiers
    ]
    names = ("key", "tier", "customers", "change", "share", "revenue", "revenue_share", "line")
    heads = [write(f"heads.{name}") for name in names]
    return draw(heads, rows, [False, False, *[True] * 6])


def _line(done: Simulation, tier: str) -> str:
    step = done.ladder.own_step(tier) if done.ladder is not None else None
    if step is None:
        return ""
    sign = "≤" if done.ladder is not None and done.ladder.less_is_better else "≥"
    return f"{sign} {Decimal(step.line):f}"


def _move(session: Session, done: Simulation, move: SimulatedMove, write: Writer) -> str:
    arrow = {"up": "↑", "down": "↓"}.get(move.direction, "→")
    return write(
        "schemes.move",
        arrow=arrow,
        source=_name(session, done, move.source or ""),
        target=_name(session, done, move.target),
        customers=write.number(move.customers),
        revenue=write.money(move.revenue, 2),
    )


def _name(session: Session, done: Simulation, tier: str) -> str:
    return tier_name(done.key, tier, session.language, done.record)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.rstrip("\n").split("\n"))
