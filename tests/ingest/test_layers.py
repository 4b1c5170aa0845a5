"""The layers of a reading have the types that Ibis infers: DuckDB is not asked for them between."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import ibis.expr.types as ir
import pytest
from tests.ingest.conftest import Shop

from custrata.ingest.plan import Views

FILES = {
    "orders": "order_id,customer_id,ordered_at,amount,refund,status\n"
    "1,a,2024-01-05T10:00:00+02:00,¥1.5万,0,paid\n2,b,5 Jan 2024 3 PM,(1 000.20),,?\n",
    "lines": "order_id,line_id,customer_id,product_id,ordered_at,quantity,amount\n"
    "1,1,a,p,45000.5,2,1e3\n1,2,a,q,x,-1,1\n",
    "customers": "customer_id,birthday,registered_at,phone,email,gender\na,1990/2/30,20240105,138 0013 8000,A@B.c,F\n",
    "feedback": "customer_id,given_at,kind,score\na,2024-01-05 24:00,nps,9\nb,now,nps,11\n",
    "events": "customer_id,occurred_at,event\na,1704448800,visit\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_every_layer_has_the_types_that_were_inferred(shop: Shop, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    differences: list[tuple[str, str]] = []

    def checked(views: Views, table: ir.Table, layers: Iterable[Callable[[ir.Table], ir.Table]]) -> ir.Table:
        *between, last = layers
        for layer in between:
            inferred = layer(table)
            table = views.create(inferred)
            pairs = zip(inferred.schema().items(), table.schema().types, strict=True)
            differences.extend(
                (name, f"{kind} {real}") for (name, kind), real in pairs if kind(nullable=True) != real(nullable=True)
            )
        return views.materialize(last(table))  # what comes after it reads its own types

    monkeypatch.setattr(Views, "materialize_layers", checked)
    shop.import_text(kind, FILES[kind], accept_defaults=True)
    assert differences == []
