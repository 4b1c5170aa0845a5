"""What an import did."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from custrata.ingest.mapping import Mapping
from custrata.ingest.notices import Notice
from custrata.ingest.quality import QualityReport
from custrata.lake import ImportRecord, Merged


@dataclass(frozen=True)
class ImportResult:
    """What an import did: rows read, accepted and rejected; what became of them in each table of the lake.

    `superseded` rows gave way to a later row of the file; `quarantine` is the file of rejected rows; `already_imported`
    is the earlier import of the same file, and then nothing was done. `notices` say what was assumed, left out, merged
    or replaced.
    """

    import_id: str
    kind: str
    file_name: str
    rows: int
    accepted: int
    rejected: int
    mapping: Mapping
    quality: QualityReport
    merged: dict[str, Merged] = field(default_factory=dict)
    superseded: int = 0
    quarantine: Path | None = None
    already_imported: ImportRecord | None = None
    notices: tuple[Notice, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The result as plain values, for `json.dumps`."""
        earlier = self.already_imported
        return {
            "import_id": self.import_id,
            "kind": self.kind,
            "file_name": self.file_name,
            "rows": self.rows,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "superseded": self.superseded,
            "merged": {table: asdict(merged) for table, merged in self.merged.items()},
            "quarantine": str(self.quarantine) if self.quarantine else None,
            "notices": [notice.to_json() for notice in self.notices],
            "quality": self.quality.to_dict(),
            "mapping": {name: value for name, value in asdict(self.mapping).items() if value not in (None, {})},
            "already_imported": {**asdict(earlier), "at": earlier.at.isoformat()} if earlier else None,
        }
