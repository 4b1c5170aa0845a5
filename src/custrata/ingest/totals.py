"""Leave out rows that are no facts: totals and subtotals, repeated headers, remarks below the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import ibis
import ibis.expr.types as ir

from custrata.ingest.canonical import LEFT_OUT_ROW, Problem
from custrata.ingest.invisible import literal
from custrata.ingest.plan import Plan, Views
from custrata.ingest.quarantine import Fault
from custrata.ingest.questions import Dialog
from custrata.ingest.sources import FileSource, cells_of_line, reading
from custrata.ingest.staging import INDEX, PROBLEMS, Staged

WORDS = (
    "合计", "小计", "总计", "共计", "累计", "总额", "汇总", "合計", "小計", "總計", "共計", "累計", "總額", "彙總",
    "本页合计", "本页小计", "本日合计", "当日合计", "本月合计", "全部合计", "合计金额", "总计金额",
    "total", "totals", "subtotal", "sub-total", "sub total", "subtotals", "grand total", "page total", "total amount",
    "sum", "summe", "gesamt", "gesamtsumme", "zwischensumme", "endsumme", "insgesamt", "total general",
    "total général", "sous-total", "totale", "subtotale", "totaal", "suma", "razem", "итого", "всего",
)  # fmt: skip
FRAME = r"[\s*_=:：\-—–.]*"
NAMED = "|".join(sorted(WORDS, key=len, reverse=True)).replace("合计", r"合\s*计").replace("小计", r"小\s*计")
# The word alone, with a count in brackets or a figure behind it; and, of a group, at the end of its name.
COUNTED = r"[共计]\s*\d+\s*[笔条单行件项筆條單項].*"
TOTAL = rf"(?i)^{FRAME}(?:(?:{NAMED}){FRAME}(?:[(（][^()（）]*[)）])?(?:[:：].*)?{FRAME}|{COUNTED})$"
OF_GROUP = rf"(?i)^.+[\s\-_:：]+(?:{NAMED}){FRAME}$|^.+(?:合计|小计|汇总|合計|小計|彙總)$"
FIRST_SIGNS = "".join(sorted({word[0] for word in WORDS} | {word[0].upper() for word in WORDS}))
BETWEEN = "\x1f"
SEVERAL = 3
# A number such as O000162 alone on a line is the beginning of a row that was torn off.
NUMBERED = re.compile(r"[!-~]*[0-9][!-~]*")
LONGEST_SHOWN = 60

KEYS = ("order_id", "customer_id", "source_id", "product_id", "product_name", "name")


def without_totals(views: Views, staged: Staged, plan: Plan, dialog: Dialog) -> Staged:
    """The staged rows without totals, repeated headers and remarks."""
    rows = staged.rows
    suspects = views.materialize(_candidates(rows, plan, staged))
    if not (staged.wrong or views.engine.arrow(suspects.limit(1)).num_rows):
        return staged
    wrong = rows.filter((rows[PROBLEMS] != 0) & ((rows[PROBLEMS] & 3) == 0)).select(INDEX)
    with reading(plan.source.name):
        cells = _cells(views, wrong.union(suspects, distinct=True), plan)
    joined = rows.left_join(cells, INDEX)
    sound = joined[PROBLEMS] == 0
    total = joined.has_total.fill_null(False) & (~sound | _adds_up(joined, plan))
    again = joined.says_header.fill_null(False)
    remark = joined.alone.fill_null(False) & ~sound & ~total
    flags = {"totals": total & ~again, "repeated_headers": again, "remarks": remark & ~again}
    marked = views.materialize(joined.mutate(**{name: flag.fill_null(False) for name, flag in flags.items()}))
    counts = _counted(views, marked, tuple(flags))
    for name, (count, index, text) in counts.items():
        dialog.tell(name, count, _display_text(text), row=plan.source.place(plan.source.first_row + index))
    gone = ibis.or_(*(marked[name] for name in flags))
    bit = 1 << staged.problems.index(LEFT_OUT_ROW)
    bits = gone.ifelse(ibis.literal(bit, "int32"), marked[PROBLEMS])
    left = views.create(marked.mutate(**{PROBLEMS: bits}).select(*rows.columns))
    return replace(staged, rows=left, tally=_tally(views, left))


def without_remarks(faults: tuple[Fault, ...], source: FileSource, dialog: Dialog) -> tuple[Fault, ...]:
    """The unparsed lines, with short lines that are totals or remarks marked as left out."""
    by_code: dict[str, list[Fault]] = {"totals": [], "remarks": []}
    marked = []
    for fault in faults:
        code = _short_line(fault, source)
        marked.append(replace(fault, left_out=True) if code else fault)
        if code:
            by_code[code].append(fault)
    for code, matches in by_code.items():
        if matches:
            dialog.tell(code, len(matches), matches[0].lines[0][:LONGEST_SHOWN], row=matches[0].record)
    return tuple(marked)


def _short_line(fault: Fault, source: FileSource) -> str:
    """What a line that is too short is, where it is no row: `totals` or `remarks`."""
    if fault.reason != "too_few_cells" or len(fault.lines) != 1 or source.dialect is None:
        return ""
    cells = [cell for cell in cells_of_line(fault.lines[0], source.dialect, len(source.headers)) if cell]
    if any(re.match(TOTAL, cell) for cell in cells):
        return "totals"
    alone = len(cells) == 1 and len(source.headers) >= SEVERAL
    return "remarks" if alone and not NUMBERED.fullmatch(cells[0]) else ""


def _candidates(rows: ir.Table, plan: Plan, staged: Staged) -> ir.Table:
    """Sound rows whose number, customer or product is a word for a total, or the header itself."""
    conditions: list[ir.BooleanValue] = []
    for name in (name for name in KEYS if staged.has(name)):
        text = cast(ir.StringValue, rows[name])
        # A text that begins with a digit is no total: most ids are excluded without a regular expression.
        conditions.append(((text < "0") | (text >= ":")) & text.re_search(TOTAL))
    if staged.has("order_id"):
        conditions.append(
            (rows.order_id.substr(rows.order_id.length() - 1, 1) >= ":") & rows.order_id.re_search(OF_GROUP)
        )
    headers = {name: plan.mapping.fields.get(name) for name in ("order_id", "customer_id", "product_id")}
    conditions += [rows[name] == header for name, header in headers.items() if header and staged.has(name)]
    # A filter evaluates each test only for rows that the previous one left.
    return rows.filter(ibis.or_(*conditions) if conditions else ibis.literal(False)).select(INDEX)


def _cells(views: Views, rows: ir.Table, plan: Plan) -> ir.Table:
    """For some rows, by `_index`: whether a cell is a total, whether they repeat the header or have one cell only."""
    headers = plan.source.headers
    places = [f"c{place}" for place in range(len(headers))]
    indices = views.create(rows.select(INDEX))
    joined = f"concat_ws({literal(BETWEEN)}, {', '.join(places)})"
    whole = [f"regexp_matches({place}, {literal(f'{TOTAL}|{OF_GROUP}')})" for place in places]
    same = [f"coalesce({place}, '') = {literal(header)}" for place, header in zip(places, headers, strict=True)
            if not header.startswith("column_")]  # fmt: skip
    filled = " + ".join(f"({place} IS NOT NULL)::INT" for place in places)
    numeric = f"regexp_matches({joined}, '^[-+(]?[\\d.,\\s]+[)%]?$')"
    return views.materialize(views.from_sql(
        f"SELECT {INDEX}, coalesce({' OR '.join(f'coalesce({test}, false)' for test in whole)}, false) AS has_total, "
        f"{' AND '.join(same) or 'false'} AS says_header, "
        f"({filled}) = 1 AND {len(headers)} >= {SEVERAL} AND NOT {numeric} AS alone, {joined} AS text "
        f"FROM (SELECT *, row_number() OVER () - 1 AS {INDEX} FROM {plan.source.relation}) "
        f"SEMI JOIN {indices.get_name()} USING ({INDEX})"
    ))  # fmt: skip


def _adds_up(rows: ir.Table, plan: Plan) -> ir.BooleanValue:
    """Of rows without a fault that have a word for a total, those that are one all the same.

    A product may bear such a name: it is a total where it has no price, or comes to what the other lines of its order
    come to.
    """
    conditions = [rows[name].re_search(TOTAL).fill_null(False) for name in ("order_id", "customer_id", "source_id")
             if name in rows.columns]  # fmt: skip
    if "order_id" in rows.columns:
        conditions.append(rows.order_id.re_search(OF_GROUP).fill_null(False))
    if plan.kind.name == "lines":
        rest = rows.amount.sum().over(ibis.window(group_by="order_id")) - rows.amount
        unpriced = rows.unit_price.isnull() if plan.has("unit_price") else ibis.literal(False)
        named = ibis.coalesce(rows.product_name, rows.product_id).re_search(TOTAL).fill_null(False)
        conditions.append(named & (unpriced | (rows.amount == rest).fill_null(False)))
    return ibis.or_(*conditions) if conditions else ibis.literal(False)


def _counted(views: Views, rows: ir.Table, names: Sequence[str]) -> dict[str, tuple[int, int, str]]:
    """How many rows have each flag, and the index and text of the first."""
    aggregates: dict[str, ir.Scalar] = {}
    for name in names:
        aggregates[name] = rows[name].sum().fill_null(0)
        aggregates[f"{name}__index"] = rows[INDEX].min(where=rows[name])
        aggregates[f"{name}__text"] = rows.text.argmin(rows[INDEX], where=rows[name])
    row = views.engine.arrow(rows.aggregate(**aggregates)).to_pylist()[0]
    return {name: (int(row[name]), row[f"{name}__index"] or 0, row[f"{name}__text"] or "") for name in names}


def _display_text(text: str) -> str:
    return " ".join(text.split(BETWEEN))[:LONGEST_SHOWN]


def _tally(views: Views, rows: ir.Table) -> dict[int, int]:
    groups = views.engine.arrow(rows.group_by(PROBLEMS).agg(rows=rows.count())).to_pylist()
    return {row[PROBLEMS]: row["rows"] for row in groups}


def only_problem(staged: Staged, problem: Problem) -> int:
    """The bits of a row that has this problem and no other; 0 where no row can have it."""
    return 1 << staged.problems.index(problem) if problem in staged.problems else 0
