"""How our own operations are written in SQL where the engines agree, and how a compiler learns them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler

from custrata.engine.functions import Unscaled

Visitor = Callable[..., sge.Expression]


def visit_unscaled(self: SQLGlotCompiler, op: Unscaled, *, arg: sge.Expression, places: int) -> sge.Expression:
    """`whole * 0.01`, in decimal arithmetic throughout."""
    whole = sge.Cast(this=arg, to=sge.DataType.build("DECIMAL(18, 0)"))
    step = sge.Literal.number("0." + "0" * (places - 1) + "1") if places else sge.Literal.number("1")
    return sge.Cast(this=sge.Mul(this=whole, expression=step), to=sge.DataType.build(f"DECIMAL(18, {places})"))


def named(function: str) -> Visitor:
    """A visitor for an operation of one argument that the engine knows as `function`."""

    def visit(self: SQLGlotCompiler, op: Any, *, arg: sge.Expression) -> sge.Expression:
        return sge.Anonymous(this=function, expressions=[arg])

    return visit


def teach(compiler: type[SQLGlotCompiler], visitors: dict[str, Visitor]) -> None:
    """Let an Ibis compiler know our operations; Ibis finds a visitor by the operation's name."""
    for operation, visitor in {"Unscaled": visit_unscaled, **visitors}.items():
        setattr(compiler, f"visit_{operation}", visitor)
