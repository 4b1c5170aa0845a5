"""Quarantine: rejected rows as in the file, with the reason, to be corrected and imported again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import ibis
import numpy as np

from custrata.ingest.accepted import Accepted
from custrata.ingest.dialect import blank_rows
from custrata.ingest.headers import COLUMN, LINE, REASON, ROW, VALUE
from custrata.ingest.plan import Plan, Views
from custrata.ingest.sources import cells_of_line, reading
from custrata.ingest.staging import INDEX, PROBLEMS, Staged
from custrata.wording import phrase

BETWEEN = "; "
BATCH = 50_000
# The reader's names for faults of a line, and ours.
FAULTS = {
    "MISSING COLUMNS": "too_few_cells",
    "TOO MANY COLUMNS": "too_many_cells",
    "UNQUOTED VALUE": "bad_quotes",
    "LINE SIZE OVER MAXIMUM": "too_long",
    "INVALID ENCODING": "unreadable",
}


@dataclass(frozen=True)
class Fault:
    """A line that could not be parsed as a row: its row in a spreadsheet, and the text of the lines it covers.

    `left_out`: the line is no row, for example a remark below the table.
    """

    record: int
    reason: str
    lines: tuple[str, ...]
    left_out: bool = False


def faults_of(views: Views, table: str) -> tuple[Fault, ...]:
    """The unreadable lines of a file, in order, as the reader recorded them."""
    row = views.engine.raw.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = ? AND temporary", [table]
    ).fetchone()
    if not row or not row[0]:
        return ()
    faults = views.engine.raw.execute(
        f"SELECT line, any_value(error_type)::VARCHAR, any_value(csv_line) FROM {table} GROUP BY line ORDER BY line"
    ).fetchall()
    return tuple(Fault(line, FAULTS.get(kind, "bad_quotes"), _lines(text)) for line, kind, text in faults)


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(line for line in (text or "").splitlines() if line.strip()) or ("",)


def faulty_rows(faults: Iterable[Fault]) -> int:
    """How many rows the unreadable lines would have been."""
    return sum(len(fault.lines) for fault in faults if not fault.left_out)


def write_quarantine(
    views: Views,
    plan: Plan,
    staged: Staged,
    accepted: Accepted,
    *,
    faults: tuple[Fault, ...],
    target: Path,
    language: str,
) -> int:
    """Write every rejected row to a CSV file: its own columns and `_row`, `_column`, `_value`, `_reason`; how many.

    Lines also get `_line_id`, so that a corrected line keeps its id. Nothing is written where nothing was rejected.
    """
    if not (faulty_rows(faults) or staged.wrong or accepted.late_rows):
        return 0
    clerk = _RowWriter(plan, staged, accepted, faults=faults, language=language)
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*clerk.headers, ROW, COLUMN, VALUE, REASON, *([LINE] if clerk.numbers_lines else [])])
        rows = 0
        for row in clerk.rows(_rejected(views, plan, staged, accepted)):
            writer.writerow(row)
            rows += 1
    return rows


def _rejected(views: Views, plan: Plan, staged: Staged, accepted: Accepted) -> Iterator[dict[str, object]]:
    """The cells of rejected rows, `c0` … as the source has them, and what is wrong with them, in file order."""
    rows = staged.rows
    line = [rows[name] for name in ("order_id", "line_id")] if plan.kind.name == "lines" else []
    late = ibis.null("int8")
    if accepted.late is not None:
        rows = rows.left_join(accepted.late, INDEX)
        late = rows.problem
    wrong = rows.filter((rows[PROBLEMS] != 0) | late.notnull())
    rejected = views.create(wrong.select(INDEX, PROBLEMS, *line, late=late))
    with reading(plan.source.name):
        reader = views.engine.raw.execute(
            f"SELECT * FROM (SELECT *, row_number() OVER () - 1 AS {INDEX} FROM {plan.source.relation}) "
            f"JOIN {rejected.get_name()} USING ({INDEX}) WHERE {PROBLEMS} & 3 = 0 ORDER BY {INDEX}"
        ).to_arrow_reader(BATCH)
        for batch in reader:
            yield from batch.to_pylist()


def _blank_rows(plan: Plan) -> list[int]:
    """The empty rows of a text file, which the reader skips and a spreadsheet counts."""
    source = plan.source
    return blank_rows(source.text, source.dialect, source.first_row) if source.text and source.dialect else []


class _RowWriter:
    """Builds the rows of a quarantine file: cells, row number in the spreadsheet, and problems."""

    def __init__(
        self, plan: Plan, staged: Staged, accepted: Accepted, *, faults: tuple[Fault, ...], language: str
    ) -> None:
        self.plan, self.staged, self.accepted, self.faults, self.language = plan, staged, accepted, faults, language
        self.headers = [header for header in plan.source.headers if header in plan.mapping.columns]
        self.numbers_lines = plan.kind.name == "lines" and not plan.has("line_id")
        # For each skipped row the number of rows before it: later rows are one further down in the file.
        first = plan.source.first_row
        skipped = sorted({fault.record for fault in faults}.union(_blank_rows(plan)))
        self._before = np.array([row - first - place for place, row in enumerate(skipped)], np.int64)

    def rows(self, rejected: Iterator[dict[str, object]]) -> Iterator[list[object]]:
        """The rows of the quarantine file, in the order of the spreadsheet."""
        waiting = [fault for fault in self.faults if not fault.left_out]
        for record in rejected:
            index = int(str(record[INDEX]))
            ahead = int(np.searchsorted(self._before, index, side="right"))
            row = self.plan.source.first_row + index + ahead
            while waiting and waiting[0].record < row:
                yield from self._faulty(waiting.pop(0))
            yield self._wrong(record, row)
        for fault in waiting:
            yield from self._faulty(fault)

    def _reason(self, reason: str) -> str:
        return phrase("ingest", f"reasons.{reason}", self.language)

    def _faulty(self, fault: Fault) -> Iterator[list[object]]:
        row, dialect = fault.record, self.plan.source.dialect
        for place, line in enumerate(fault.lines):
            cells = cells_of_line(line, dialect, len(self.plan.source.headers)) if dialect else [line]
            values = dict(zip(self.plan.source.headers, cells, strict=False))
            number = [f"#r{row}.{place}"] if self.numbers_lines else []
            yield [*(values.get(h, "") for h in self.headers), row, "", line, self._reason(fault.reason), *number]

    def _wrong(self, record: dict[str, object], row: int) -> list[object]:
        problems = list(self.staged.problems_of(int(str(record[PROBLEMS]))))
        if record["late"] is not None:
            problems.append(self.accepted.reasons[int(str(record["late"]))])
        cells = {header: record[self.plan.cell(header)] for header in self.headers}
        names = [self.plan.header(problem.field) for problem in problems]
        values = [str(cells.get(name) or "") for name in names]
        reasons = [self._reason(problem.reason) for problem in problems]
        explanation = [BETWEEN.join(part for part in parts if part) for parts in (names, values, reasons)]
        place = self.plan.source.place(row)
        return [*(cells[header] for header in self.headers), place, *explanation, *self._line_id(record, row)]

    def _line_id(self, record: dict[str, object], row: int) -> list[object]:
        """The id that the line would have had; a separate one where its order is not known yet."""
        if not self.numbers_lines:
            return []
        return [record["line_id"] if record["order_id"] else f"{record['line_id'] or ''}#r{row}"]
