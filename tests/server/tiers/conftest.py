"""Fixtures shared by the tests of tiers and runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from custrata.analytics.silence import Calibration, SilenceCurve, Stratum, Stretch
from custrata.lake import Workspace
from custrata.lake.sums import write_checked


@pytest.fixture
def empty_workspace(tmp_path: Path, settings: object) -> Workspace:
    """A workspace without imports."""
    settings.WORKSPACE = tmp_path / "fresh"  # type: ignore[attr-defined]  # pytest-django's settings
    return Workspace.create(tmp_path / "fresh", name="Fresh", currency="CNY", timezone="Asia/Shanghai")


@contextmanager
def newest_record(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """The record of the newest run, written back after it was changed."""
    path = workspace.runs.run(workspace.runs.ids()[-1]).folder / "run.json"
    record = json.loads(path.read_text("utf-8"))
    yield record
    write_checked(path, json.dumps(record))


@pytest.fixture
def waiting(own_workspace: Workspace) -> Workspace:
    """A workspace whose newest run found no discounts."""
    with newest_record(own_workspace) as record:
        price_sensitivity = record["schemes"]["price_sensitivity"]
        price_sensitivity |= {"waiting": True, "tiers": [], "ladder": None, "facts": {}, "notes": ["waiting_discounts"]}
        del record["tiers"]["price_sensitivity"], record["moves"]["price_sensitivity"]
    return own_workspace


@pytest.fixture
def learned(own_workspace: Workspace) -> Workspace:
    """A workspace with so much history that its newest run learned the lines of the lifecycle."""
    stretches = (
        Stretch(Fraction(1, 20), 1144, 1131, 900, Decimal("0.98"), Decimal("0.9921"), Decimal("0.96"), Decimal("1")),
        Stretch(Fraction(63, 10), 160, 60, 80, Decimal("0.30"), Decimal("0.4512")),
    )
    few_order_days = Stratum(
        1, 12, Fraction(63, 10), None, ("churned",), 1304, 920, 1191, 1144, Decimal("0.9887"), stretches
    )
    many_order_days = Stratum(13, None, seen=900, people=400, back=900, rhythmic=900, stretches=stretches[:1])
    claim = Calibration(1, 12, "at_risk", 240, 80, Decimal("0.4"), Decimal("0.35"), Decimal("0.3"), Decimal("0.41"))
    silence_curve = SilenceCurve(
        (few_order_days, many_order_days), learned=True, dates=5, customers=2446, calibration=(claim,), test_dates=1
    )
    curve = silence_curve.record()
    with newest_record(own_workspace) as record:
        record["curve"] = record["schemes"]["lifecycle"]["facts"]["curve"] = curve
        record["schemes"]["lifecycle"]["notes"] = ["never_churned"]
    return own_workspace
