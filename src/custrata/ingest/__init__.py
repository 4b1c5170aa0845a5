"""How data comes in: readers, mappings, cleaning, the quality report, and quarantine."""

from __future__ import annotations

from custrata.ingest.importing import import_file, recognise
from custrata.ingest.mapping import Mapping
from custrata.ingest.notices import Notice
from custrata.ingest.quality import QualityReport
from custrata.ingest.questions import NeedsDecision, Question
from custrata.ingest.result import ImportResult

__all__ = [
    "ImportResult",
    "Mapping",
    "NeedsDecision",
    "Notice",
    "QualityReport",
    "Question",
    "import_file",
    "recognise",
]
