"""The first pass over a file: its typed, checked rows, in the order of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, cast

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from custrata.ingest.canonical import Problem, canonical_row, with_defaults
from custrata.ingest.cleaning import CURRENCY, NOTED, NOTES, SIGN, typed_rows
from custrata.ingest.notes import examples, names_of
from custrata.ingest.notices import Notice
from custrata.ingest.plan import Plan, Views
from custrata.ingest.sources import reading

PROBLEMS, INDEX = "_problems", "_index"
LEFT_OUT_BITS = 2  # of `LEFT_OUT_ROW`, the second of the problems


@dataclass(frozen=True)
class Staged:
    """The rows of a file after the first pass.

    `rows`: the kind's columns, `_problems` (a bit for each of `problems`), `_sign` and `_currency` (what stands beside
    amounts), `_index` (place among the rows that could be read, from 0). `tally`: how many rows have which bits.
    `signs`, `currencies`: every sign and currency found. `together`: rows of one order are
    to be summed, all `rows` or such `parts` as say different things. `notices`: what reading the cells assumed.
    """

    rows: ir.Table
    problems: tuple[Problem, ...]
    tally: dict[int, int]
    signs: tuple[str, ...]
    currencies: tuple[str, ...]
    together: Literal["", "rows", "parts"] = ""
    notices: tuple[Notice, ...] = ()

    def has(self, column: str) -> bool:
        """Whether the rows have that column."""
        return column in self.rows.columns

    @property
    def blank(self) -> int:
        """Empty rows."""
        return sum(count for bits, count in self.tally.items() if bits & 1)

    @property
    def left_out(self) -> int:
        """Rows that are no orders, as a decision or the mapping says."""
        return sum(count for bits, count in self.tally.items() if bits & 3 == 2)

    @property
    def read(self) -> int:
        """Rows that are not empty."""
        return sum(self.tally.values()) - self.blank

    @property
    def wrong(self) -> int:
        """Rows with a problem."""
        return sum(count for bits, count in self.tally.items() if bits and not bits & 3)

    def problems_of(self, bits: int) -> tuple[Problem, ...]:
        """The problems that bits stand for."""
        return tuple(problem for place, problem in enumerate(self.problems) if bits >> place & 1)


def stage(views: Views, plan: Plan) -> Staged:
    """Read a file once and materialize its rows in a table that is dropped with the views.

    Raises `DamagedFile`.
    """
    absent: dict[str, ir.Value] = {}
    problems: list[Problem] = []

    def canonical(table: ir.Table) -> ir.Table:
        done = canonical_row(table, plan)
        metadata = {name: table[name] for name in (SIGN, CURRENCY, NOTES, NOTED)}
        columns = {**done.columns, PROBLEMS: _bits(done.problems.values()), **metadata}
        absent.update({name: value for name, value in columns.items() if _is_null(value)})
        problems.extend(done.problems)
        return table.select(**{name: value for name, value in columns.items() if name not in absent})

    with reading(plan.source.name):
        raw = views.from_sql(f"FROM {plan.source.logging_relation}")
        materialized = views.materialize_layers(raw, (*typed_rows(plan), canonical))
    numbered = views.from_sql(f"SELECT *, rowid AS {INDEX} FROM {materialized.get_name()}")
    # Columns that the file lacks are not stored: they are added as null here.
    whole = numbered.mutate(**absent)
    rows = views.create(with_defaults(whole, plan.kind.name))
    return _counted(views, rows, tuple(problems), plan)


def _is_null(value: ir.Value) -> bool:
    operation = value.op()
    return isinstance(operation, ops.Literal) and operation.value is None


def _bits(problems: Iterable[ir.BooleanValue]) -> ir.IntegerValue:
    """The problems of a row as a bit mask."""
    conditions = list(problems)
    bits = [problem.ifelse(ibis.literal(1 << place, "int64"), 0) for place, problem in enumerate(conditions)]
    any_found = ibis.or_(*conditions)
    return cast(ir.IntegerValue, any_found.ifelse(sum(bits[1:], bits[0]).cast("int64"), ibis.literal(0, "int64")))


def _counted(views: Views, rows: ir.Table, problems: tuple[Problem, ...], plan: Plan) -> Staged:
    groups = rows.group_by(PROBLEMS, SIGN, CURRENCY, NOTES).agg(rows=rows.count(), cells=rows[NOTED].min())
    summary = views.engine.arrow(groups).to_pylist()
    tally: Counter[int] = Counter()
    for group in summary:
        tally[group[PROBLEMS]] += group["rows"]
    signs, currencies = ({group[name] for group in summary if group[name]} for name in (SIGN, CURRENCY))
    notices = _notices(summary, plan)
    return Staged(rows, problems, dict(tally), tuple(sorted(signs)), tuple(sorted(currencies)), notices=notices)


def _notices(groups: Iterable[dict[str, Any]], plan: Plan) -> tuple[Notice, ...]:
    """The assumptions made in parsing cells: in how many rows, and one of the cells."""
    counts: Counter[str] = Counter()
    cells: dict[str, tuple[str, str]] = {}
    for group in sorted(groups, key=lambda group: group["cells"] or ""):
        counts.update(dict.fromkeys(names_of(group[NOTES] or 0), group["rows"]))
        cells = examples(group["cells"]) | cells
    return tuple(
        Notice(name, count, cells[name][1], {"column": plan.header(cells[name][0])}) for name, count in counts.items()
    )
