"""The statements of tests on SQLite say which tests are enough on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from tests.server.statements import Record, Recorder, enough, read_records


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return Recorder(tmp_path / "statements")


def shapes_of(recorder: Recorder, request: pytest.FixtureRequest, *statements: str) -> frozenset[str]:
    with Recorder(recorder.file).recording(request.node), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    return read_records(recorder.file)[request.node.nodeid].shapes


@pytest.mark.django_db
def test_statements_that_differ_by_values_are_alike(recorder: Recorder, request: pytest.FixtureRequest) -> None:
    alike = shapes_of(recorder, request, "SELECT 1 WHERE 'a' IN ('b', 'c')", "SELECT 2 WHERE 'x' IN ('a')")
    assert len(alike) == 1
    assert shapes_of(recorder, request, "SELECT 1 WHERE 'a' NOT IN ('b')") != alike


@pytest.mark.django_db
def test_a_statement_that_raises_is_another(recorder: Recorder, request: pytest.FixtureRequest) -> None:
    with recorder.recording(request.node), pytest.raises(DatabaseError), transaction.atomic():
        connection.cursor().execute("SELECT abs(-9223372036854775808)")
    (raised,) = read_records(recorder.file).values()
    assert raised.shapes.isdisjoint(shapes_of(recorder, request, "SELECT abs(-5)"))


def test_every_statement_is_run_by_a_chosen_test() -> None:
    records = {str(number): Record(number, frozenset({str(number % 7), str(number % 5)})) for number in range(1, 40)}
    chosen = enough(records, {"39"})
    assert "39" in chosen
    assert len(chosen) < 10
    assert {shape for name in chosen for shape in records[name].shapes} == set(map(str, range(7)))
