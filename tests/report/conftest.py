"""A writer of English, and the sample report."""

from __future__ import annotations

import pytest

from custrata.pipeline.reading.figures import ReportData
from custrata.wording.writer import Writer
from tests.report.sample import sample_report


@pytest.fixture
def write() -> Writer:
    """Writes English, in dollars."""
    return Writer("en", "USD", "UTC", "report")


@pytest.fixture(scope="session")
def report() -> ReportData:
    """The sample report in English."""
    return sample_report("en", "USD")
