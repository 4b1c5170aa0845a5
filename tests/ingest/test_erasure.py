"""An erased customer does not come back with the next file."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.ingest.conftest import AT, Shop, copied_shop, opened_shop

from custrata.engine import DuckEngine
from custrata.ingest.erasure import erase
from custrata.lake.erasures import KEY, NoReasonToLift, NotErased

HEAD = "order_id,customer_id,ordered_at,amount\n"
ORDERS = HEAD + "1,a,2024-01-05,10\n2,b,2024-01-05,20\n3,a,soon,5\n"
LATER = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, duck: DuckEngine) -> Path:
    """The folder of a shop whose customer a was erased. Copied, never changed."""
    shop = opened_shop(tmp_path_factory.mktemp("template"), duck)
    shop.import_text("customers", "customer_id,phone,email\na,13800000001,A@example.com\nb,13800000002,b@example.com\n")
    shop.import_text("orders", ORDERS)
    erase(shop.workspace, "a", at=AT)
    return shop.folder


@pytest.fixture
def without_a(template: Path, tmp_path: Path, duck: DuckEngine) -> Shop:
    """A shop whose customer a was erased."""
    return copied_shop(template, tmp_path, duck)


FILES = {
    "orders": ORDERS,
    "lines": "order_id,customer_id,ordered_at,quantity,unit_price\n1,a,2024-01-05,1,10\n2,b,2024-01-05,1,20\n",
    "customers": "customer_id,name\na,Ann\nb,Bo\n",
    "events": "customer_id,occurred_at,name\na,2024-01-05,visit\nb,2024-01-05,visit\n",
    "feedback": "customer_id,given_at,kind,score\na,2024-01-05,nps,9\nb,2024-01-05,nps,3\n",
}


@pytest.mark.parametrize("kind", FILES)
def test_rows_of_an_erased_customer_are_refused_and_counted(without_a: Shop, kind: str) -> None:
    result = without_a.import_text(kind, FILES[kind], again=True)
    assert {notice.code: notice.count for notice in result.notices}["erased_customer"] >= 1
    table = {"lines": "order_lines", "customers": "customer_records"}.get(kind, kind)
    assert {row[0] for row in without_a.rows(table, "customer_id")} == {"b"}
    assert result.quarantine is None


def test_a_notice_of_the_erased_says_nothing_of_them(without_a: Shop) -> None:
    notice = without_a.import_text("orders", ORDERS, again=True).notices[-1]
    assert (notice.count, notice.example, notice.facts) == (2, "", {})


@pytest.mark.parametrize("contact", ["phone,email\nc,138 0000 0001,", "phone,email\nc,,a@EXAMPLE.com"])
def test_the_same_person_under_another_number_is_refused_too(without_a: Shop, contact: str) -> None:
    result = without_a.import_text("customers", f"customer_id,{contact}\n", name="new.csv")
    assert (result.accepted, len(without_a.rows("customer_records", "customer_id"))) == (0, 1)


def test_lifted_with_a_reason_the_customer_comes_back(without_a: Shop) -> None:
    erasures = without_a.workspace.erasures
    with pytest.raises(NoReasonToLift):
        erasures.lift("a", reason=" ", at=LATER)
    lifted = erasures.lift(erasures.all()[0].name, reason="asked for it", at=LATER)
    assert (lifted.reason, lifted.lifted_at, erasures.in_force()) == ("asked for it", LATER, frozenset())
    without_a.import_text("orders", ORDERS, again=True)
    assert {row[0] for row in without_a.rows("orders", "customer_id")} == {"a", "b"}
    with pytest.raises(NotErased):
        erasures.lift("a", reason="again", at=LATER)


def test_the_list_names_nobody_and_its_key_is_for_the_owner_alone(without_a: Shop) -> None:
    folder = without_a.workspace.folder
    text = (folder / "erasures.json").read_text()
    assert not any(word in text for word in ("example.com", "13800000001", '"a"'))
    assert stat.S_IMODE((folder / KEY).stat().st_mode) == 0o600


def test_without_an_erasure_there_is_neither_list_nor_key(shop: Shop) -> None:
    shop.import_text("orders", ORDERS)
    assert not [path for path in shop.workspace.folder.iterdir() if path.name.startswith("erasures")]
