"""The contacts of all customers in the lake, with their search text, and changes since a known state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from custrata.engine import DuckEngine
from custrata.identity import golden_customers
from custrata.identity.folding import FOLDING, searchable
from custrata.lake import LakeSnapshot, Workspace
from custrata.pipeline.decisions import AppliedDecisions, Decisions
from custrata.pipeline.reading.connection import literal

CONTACT_COLUMNS = ("name", "phone", "email", "company")
LONGEST_SEARCH = 500
FACTS = ("orders", "events", "feedback")
MARKS_SCHEMA = pa.schema({"customer_id": pa.string(), "mark": pa.int64()})


class Contacts:
    """The customers of the lake: `customer_id`, name, phone, email, company, `search` and `mark`.

    `search` is the folded text that searches match, one line per field; `mark` is a hash of the row and of the version
    of the folding.
    """

    def __init__(self, engine: DuckEngine, rows: ir.Table, profile: str | None) -> None:
        self._raw = engine.raw
        self._rows = rows.get_name()
        self._profile = profile

    def changed(self, marks: pa.Table, rows: int) -> Iterator[pa.RecordBatch]:
        """The customers whose row is not in `marks` (`customer_id`, `mark`), by `customer_id`, `rows` per batch."""
        self._raw.register("marks", marks)
        sql = f'SELECT * FROM "{self._rows}" ANTI JOIN marks USING (customer_id, mark) ORDER BY customer_id'
        for batch in self._raw.execute(sql).to_arrow_reader(rows):
            yield batch.append_column("search", _search(batch))  # only what changed is folded

    def gone(self, marks: pa.Table) -> list[str]:
        """The customers in `marks` that neither the lake nor the published run has any more."""
        self._raw.register("marks", marks)
        sql = f'SELECT customer_id FROM marks ANTI JOIN "{self._rows}" USING (customer_id)'
        if self._profile is not None:
            source = f"read_parquet({literal(self._profile)})"
            sql += f" ANTI JOIN (SELECT customer_id FROM {source}) AS published USING (customer_id)"
        return list(self._raw.execute(f"{sql} ORDER BY customer_id").to_arrow_table()["customer_id"].to_pylist())


@contextmanager
def contacts(
    workspace: Workspace,
    lake: LakeSnapshot,
    decisions: Decisions | None = None,
    *,
    threads: int = 2,
    memory: str = "1GB",
) -> Iterator[Contacts]:
    """The customers of the lake, with the edits of `decisions` applied."""
    run = workspace.runs.published()
    with DuckEngine(threads=threads, memory_limit=memory) as engine:
        edits = AppliedDecisions.of(decisions, None).edits(engine)
        golden = golden_customers(lake.read("customer_records", engine), edits)
        named = golden.select("customer_id", **{name: golden[name].fill_null("") for name in CONTACT_COLUMNS})
        rows = engine.materialize(_marked(_customers_of_lake(named, lake, engine)))
        yield Contacts(engine, rows, str(run.folder / "profile.parquet") if run is not None else None)


def _customers_of_lake(named: ir.Table, lake: LakeSnapshot, engine: DuckEngine) -> ir.Table:
    """The customers of all records and facts, with their contact columns; an edit alone does not make a customer."""
    ids = []
    for name in ("customer_records", *FACTS):
        table = lake.read(name, engine)
        # The type includes nullability, and a union requires equal types.
        ids.append(table.filter(table.customer_id.notnull()).select(customer_id=table.customer_id.cast("string")))
    everyone = ibis.union(*ids, distinct=True)
    contact_rows = named.rename(named_customer="customer_id")
    both = everyone.left_join(contact_rows, everyone.customer_id == contact_rows.named_customer)
    return both.select("customer_id", **{name: both[name].fill_null("") for name in CONTACT_COLUMNS})


def _marked(rows: ir.Table) -> ir.Table:
    marked = {**{name: rows[name] for name in rows.columns}, "folding": ibis.literal(FOLDING)}
    # Halved, since databases store signed integers.
    return rows.mutate(mark=(_hash(ibis.struct(marked)) // 2).cast("int64"))


def _search(batch: pa.RecordBatch) -> pa.Array:
    """The search text of each row, cut to the length that the index allows."""
    columns = [batch[name].to_pylist() for name in ("customer_id", *CONTACT_COLUMNS)]
    return pa.array([searchable(*parts)[:LONGEST_SEARCH] for parts in zip(*columns, strict=True)], pa.string())


@ibis.udf.scalar.builtin(name="hash", signature=((None,), "uint64"))  # type: ignore[untyped-decorator]  # Ibis has no types
def _hash(row: ir.StructValue) -> ir.Value:
    """A 64-bit hash of a row."""
