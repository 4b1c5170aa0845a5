"""How our own operations are written in SQL where the engines agree, and how a compiler learns them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler

from custrata.engine.functions import Quotient, Unscaled, WholeUnits

Visitor = Callable[..., sge.Expression]


def visit_unscaled(self: SQLGlotCompiler, op: Unscaled, *, arg: sge.Expression, places: int) -> sge.Expression:
    """`whole * 0.01`."""
    return scaled(arg, places, 18, 18)


Divided = Callable[[sge.Expression, sge.Expression], sge.Expression]


def quotient_by(divided: Divided, kind: str, *, digits: int = 38) -> Visitor:
    """A visitor for `Quotient`, `divided` being how the engine divides two positive whole numbers of the type `kind`,
    leaving out the rest; with less than 38 `digits` the engine needs some to spare for the places of the result."""

    def visit(
        self: SQLGlotCompiler,
        op: Quotient,
        *,
        numerator: sge.Expression,
        denominator: sge.Expression,
        scale: int,
        places: int,
        whole: bool,
    ) -> sge.Expression:
        top, bottom = _units(numerator, scale, kind), _units(denominator, scale, kind)
        least = sge.Nullif(this=sge.Abs(this=bottom), expression=sge.Literal.number("0"))
        raised = sge.Cast(this=sge.Literal.number(str(2 * 10**places)), to=sge.DataType.build(kind))
        doubled = sge.Mul(this=sge.Abs(this=top), expression=raised)
        twice = sge.Mul(
            this=least.copy(), expression=sge.Cast(this=sge.Literal.number("2"), to=sge.DataType.build(kind))
        )
        size = divided(sge.Paren(this=sge.Add(this=doubled, expression=least)), sge.Paren(this=twice))
        nought = sge.Literal.number("0")
        alike = sge.EQ(
            this=sge.Paren(this=sge.LT(this=top.copy(), expression=nought)),
            expression=sge.Paren(this=sge.LT(this=bottom.copy(), expression=nought.copy())),
        )
        signed = self.if_(alike, size, sge.Neg(this=sge.Paren(this=size.copy())))
        return (
            sge.Cast(this=signed, to=sge.DataType.build("DECIMAL(38, 0)"))
            if whole
            else scaled(signed, places, digits if digits == 38 else digits - places, 38)
        )

    return visit


def units_by(kind: str) -> Visitor:
    """A visitor for `WholeUnits`; `kind` is the engine's type for whole numbers of 38 digits."""

    def visit(self: SQLGlotCompiler, op: WholeUnits, *, arg: sge.Expression, places: int) -> sge.Expression:
        scale = getattr(op.arg.dtype, "scale", 0) or 0
        step = sge.Literal.number(str(10 ** (places - scale)))
        whole = sge.Mul(this=_units(arg, scale, kind), expression=sge.Cast(this=step, to=sge.DataType.build(kind)))
        return sge.Cast(this=whole, to=sge.DataType.build("DECIMAL(38, 0)"))

    return visit


def _units(value: sge.Expression, scale: int, kind: str) -> sge.Expression:
    """A number in whole units of 10^-scale, as the type `kind`."""
    if not scale:
        return sge.Cast(this=value, to=sge.DataType.build(kind))
    wide = sge.Cast(this=value, to=sge.DataType.build(f"DECIMAL(38, {scale})"))
    step = sge.Cast(this=sge.Literal.number(str(10**scale)), to=sge.DataType.build(f"DECIMAL({scale + 1}, 0)"))
    return sge.Cast(this=sge.Mul(this=wide, expression=step), to=sge.DataType.build(kind))


def scaled(whole: sge.Expression, places: int, digits: int, precision: int) -> sge.Expression:
    """A whole number of so many digits times 10^-places, in decimal arithmetic throughout."""
    step = sge.Literal.number("0." + "0" * (places - 1) + "1") if places else sge.Literal.number("1")
    units = sge.Cast(this=whole, to=sge.DataType.build(f"DECIMAL({digits}, 0)"))
    return sge.Cast(this=sge.Mul(this=units, expression=step), to=sge.DataType.build(f"DECIMAL({precision}, {places})"))


def named(function: str) -> Visitor:
    """A visitor for an operation of one argument that the engine knows as `function`."""

    def visit(self: SQLGlotCompiler, op: Any, *, arg: sge.Expression) -> sge.Expression:
        return sge.Anonymous(this=function, expressions=[arg])

    return visit


def register_visitors(compiler: type[SQLGlotCompiler], visitors: dict[str, Visitor]) -> None:
    """Register visitors for our operations with an Ibis compiler, which finds them by the operation's name."""
    for operation, visitor in {"Unscaled": visit_unscaled, **visitors}.items():
        setattr(compiler, f"visit_{operation}", visitor)
