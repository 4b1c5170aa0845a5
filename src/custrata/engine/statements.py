"""SQL statements used again: what differs from an earlier statement by its values alone is not compiled once more.

To compile a wide expression takes Ibis longer than DuckDB needs to run it over a small shop. The same expressions come
again for every instant that is graded, with other days, lines and names of intermediate tables in them. So a statement
is kept by the shape of its expression, with holes for the values that changed, and filled in the next time.

A template is trusted only where it was proved: it is compiled from one expression, filled with the values of another,
and must give the text that Ibis had compiled for that other one, letter by letter. Every hole had another value there,
so a number that stands in a statement for other reasons than its literal is found out. Values that never changed
between the two belong to the shape, and so does what is no number, instant or day.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from threading import RLock
from types import MappingProxyType
from typing import Any

import ibis.expr.operations as ops
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.common.grounds import Concrete

MOST = 512
Compile = Callable[[], str]


@dataclass(frozen=True)
class StatementShape:
    """An expression without its values: a key, its literals in order, and the names of the tables it reads."""

    key: Any
    literals: tuple[ops.Literal, ...]
    tables: tuple[str, ...]


def shape_of(root: Concrete) -> StatementShape | None:
    """The shape of an expression; nothing where one of its parts cannot be compared.

    Equal parts count as one, as they do when Ibis compiles them.
    """
    places: dict[Any, int] = {}
    literals: list[ops.Literal] = []
    tables: list[str] = []
    uses: dict[Any, int] = {}
    shape: list[Any] = []

    def encoded(value: Any) -> Any:
        if isinstance(value, Concrete):
            return "#", visit(value)
        if isinstance(value, tuple):
            return tuple(map(encoded, value))
        if hasattr(value, "items"):
            return tuple((name, encoded(part)) for name, part in value.items())
        return value

    def visit(node: Any) -> int:
        place = places.get(node)
        if place is not None:
            return place
        if isinstance(node, ops.Literal):
            # Compilers may write what is below nought, or nought, in another way.
            entry: Any = (ops.Literal, node.dtype, _sign(node.value))
            literals.append(node)
        elif isinstance(node, ops.DatabaseTable | ops.InMemoryTable):
            entry = (type(node), node.schema, str(getattr(node, "namespace", "")))
            tables.append(node.name)
        elif isinstance(node, ops.Reference):
            # Numbered over the life of the process; only which of them are the same matters.
            entry = (type(node), encoded(node.parent), uses.setdefault(node.identifier, len(uses)))
        else:
            entry = (type(node), *map(encoded, node.__args__))
        place = places[node] = len(places)
        shape.append(entry)
        return place

    visit(root)
    try:
        key = tuple(shape)
        hash(key)
    except TypeError:
        return None
    return StatementShape(key, tuple(literals), tuple(tables))


@dataclass
class _Template:
    """A statement that was compiled, and the same with holes once other values were met."""

    values: tuple[Any, ...]
    sql: str
    holes: frozenset[int] = frozenset()
    text: str = ""
    failed: set[frozenset[int]] = field(default_factory=set)


class Statements:
    """The statements of one compiler, for all connections and threads of the process."""

    def __init__(self, compiler: SQLGlotCompiler, dialect: Any) -> None:
        self._compiler = compiler
        self._dialect = dialect
        self._templates: OrderedDict[Any, _Template] = OrderedDict()
        self._lock = RLock()

    def sql(self, root: Concrete, compile_whole: Compile) -> str:
        """The statement of an expression, filled into a template or compiled whole."""
        shape = shape_of(root)
        if shape is None:
            return compile_whole()
        with self._lock:
            return self._of_shape(shape, compile_whole)

    def _of_shape(self, shape: StatementShape, compile_whole: Compile) -> str:
        values = tuple(literal.value for literal in shape.literals)
        template = self._templates.get(shape.key)
        if template is None:
            sql = compile_whole()
            self._templates[shape.key] = _Template(values, _unnamed(sql, shape.tables))
            if len(self._templates) > MOST:
                self._templates.popitem(last=False)
            return sql
        self._templates.move_to_end(shape.key)
        changed = frozenset(place for place, value in enumerate(values) if not _same(value, template.values[place]))
        if not changed:
            return _named(template.sql, shape.tables)
        if not changed <= template.holes and not self._widened(
            template, template.holes | changed, shape, compile_whole
        ):
            return compile_whole()
        text = self._filled(template, shape.literals)
        return compile_whole() if text is None else _named(text, shape.tables)

    def _widened(
        self, template: _Template, holes: frozenset[int], shape: StatementShape, compile_whole: Compile
    ) -> bool:
        """Compile the template with more holes, and prove it by the statement that is known."""
        values = {place: shape.literals[place].value for place in holes}
        if holes in template.failed or not all(map(_may_vary, values.values())):
            return False
        if any(_same(value, template.values[place]) for place, value in values.items()):
            return False
        with _holes({shape.literals[place]: _hole(place) for place in holes}):
            text = _unnamed(compile_whole(), shape.tables)
        literals = [literal.copy(value=value) for literal, value in zip(shape.literals, template.values, strict=True)]
        before = template.holes, template.text
        template.holes, template.text = holes, text
        if self._filled(template, literals) == template.sql:
            return True
        template.holes, template.text = before
        template.failed.add(holes)
        return False

    def _filled(self, template: _Template, literals: Sequence[ops.Literal]) -> str | None:
        """The template with these values in its holes; nothing where one of them cannot be filled in."""
        text = template.text
        for place in template.holes:
            literal, hole = literals[place], _hole(place)
            if not _may_vary(literal.value):
                return None
            written = self._compiler.visit_Literal(literal, value=literal.value, dtype=literal.dtype)
            literal_sql = written.sql(dialect=self._dialect)
            if literal_sql.startswith("-") and f"-{hole}" in text:
                return None  # two signs in a row begin a comment
            text = text.replace(hole, literal_sql)
        return text


def _same(value: Any, other: Any) -> bool:
    return type(value) is type(other) and bool(value == other) and str(value) == str(other)


def _may_vary(value: Any) -> bool:
    """Whether a value may be a hole."""
    return isinstance(value, int | float | Decimal | date | datetime) and not isinstance(value, bool)


def _sign(value: Any) -> int:
    return (value > 0) - (value < 0) if isinstance(value, int | float | Decimal) else 0


def _hole(place: int) -> str:
    return f"__hole_{place}__"


def _table(place: int) -> str:
    return f"__table_{place}__"


def _unnamed(sql: str, tables: Sequence[str]) -> str:
    for place, name in enumerate(tables):
        sql = sql.replace(name, _table(place))
    return sql


def _named(sql: str, tables: Sequence[str]) -> str:
    for place, name in enumerate(tables):
        sql = sql.replace(_table(place), name)
    return sql


# What a compiler writes instead of some literals, while a template is compiled; each thread compiles its own.
_WRITTEN: ContextVar[Mapping[Any, str]] = ContextVar("written", default=MappingProxyType({}))


@contextmanager
def _holes(written: Mapping[Any, str]) -> Iterator[None]:
    """Within it, these literals are written as holes."""
    token = _WRITTEN.set(written)
    try:
        yield
    finally:
        _WRITTEN.reset(token)


def with_holes(compiler: type[SQLGlotCompiler]) -> None:
    """Let a compiler leave holes for literals."""
    whole = compiler.visit_Literal

    def visit_literal(self: SQLGlotCompiler, op: Any, *, value: Any, dtype: Any) -> Any:
        written = _WRITTEN.get()
        hole = written.get(op) if written else None
        return whole(self, op, value=value, dtype=dtype) if hole is None else sge.Var(this=hole)

    compiler.visit_Literal = visit_literal
