"""Import damaged files: no traceback, no hang, no half import.

Run `python -m benchmarks.fuzz_import [FILES] [SEED]`. Sound files (CSV, gzip, Excel, Parquet) are cut, shuffled,
bit-flipped, re-encoded or given huge cells, then imported into one workspace. An import may succeed, with rows in
quarantine, or be refused by one of our errors and change nothing; everything else counts as a failure, and the exit
code says so.
"""

from __future__ import annotations

import gzip
import io
import random
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import xlsxwriter

from custrata.errors import CustrataError
from custrata.ingest import import_file
from custrata.lake import Workspace

AT = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS, PATIENCE = 20, 300  # of processor time, however busy the machine is; and of waiting for a child
HEADERS = ("订单号", "客户编号", "下单时间", "实付金额", "优惠金额", "渠道", "备注")


class Hang(Exception):
    """An import took longer than it may."""


def sound_rows(chance: random.Random, rows: int = 300) -> list[tuple[str, ...]]:
    """Rows of a plain file of orders, all as text."""
    return [
        (
            f"O{number:06d}",
            f"C{chance.randrange(80):04d}",
            f"2025-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d} {chance.randrange(24):02d}:15:00",
            f"{chance.randrange(1, 99999) / 100:.2f}",
            f"{chance.randrange(0, 999) / 100:.2f}",
            chance.choice(["网店", "门店", "app"]),
            chance.choice(["", "加急", 'says "hi", twice', "line\nbreak"]),
        )
        for number in range(rows)
    ]


def as_csv(rows: list[tuple[str, ...]]) -> bytes:
    """The rows as CSV with a header."""
    table = pa.table({header: [row[place] for row in rows] for place, header in enumerate(HEADERS)})
    out = io.BytesIO()
    pacsv.write_csv(table, out)
    return out.getvalue()


def as_excel(rows: list[tuple[str, ...]]) -> bytes:
    """The rows as an Excel workbook."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate((HEADERS, *rows)):
            sheet.write_row(place, 0, row)
    return out.getvalue()


def as_parquet(rows: list[tuple[str, ...]]) -> bytes:
    """The rows as a Parquet file."""
    out = io.BytesIO()
    pq.write_table(pa.table({header: [row[place] for row in rows] for place, header in enumerate(HEADERS)}), out)
    return out.getvalue()


def cut(data: bytes, chance: random.Random) -> bytes:
    """Only the beginning."""
    return data[: chance.randrange(len(data))]


def flipped(data: bytes, chance: random.Random) -> bytes:
    """Some bits turned."""
    damaged = bytearray(data)
    for _ in range(chance.choice([1, 3, 20, 300])):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def shuffled(data: bytes, chance: random.Random) -> bytes:
    """Pieces in another order."""
    size = max(1, len(data) // chance.choice([3, 10, 100]))
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    chance.shuffle(pieces)
    return b"".join(pieces)


def misencoded(data: bytes, chance: random.Random) -> bytes:
    """Text in another encoding, or in two at once."""
    text = data.decode("utf-8", "replace")
    first, second = chance.sample(["utf-8", "gb18030", "big5", "utf-16", "latin-1", "utf-16-be"], 2)
    middle = chance.choice([len(text), len(text) // 2])
    return text[:middle].encode(first, "replace") + text[middle:].encode(second, "replace")


def huge(data: bytes, chance: random.Random) -> bytes:
    """A cell of megabytes, opened or not by a quotation mark."""
    place = chance.randrange(len(data))
    filler = chance.choice([b"9", b"a", b'"', b",", b"\x00", b"\n"]) * chance.choice([100_000, 3_000_000])
    return data[:place] + filler + data[place:]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut, flipped, shuffled, misencoded, huge)


def damaged_file(folder: Path, number: int, chance: random.Random) -> tuple[Path, str]:
    """Write one damaged file and say what was done to it."""
    rows = sound_rows(chance)
    kind = chance.choice(["csv", "csv", "csv", "csv.gz", "xlsx", "parquet"])
    damage = chance.choice(DAMAGES)
    if kind == "csv.gz":
        inside = chance.random() < 0.5
        data = gzip.compress(damage(as_csv(rows), chance)) if inside else damage(gzip.compress(as_csv(rows)), chance)
    else:
        content = {"csv": as_csv, "xlsx": as_excel, "parquet": as_parquet}[kind](rows)
        data = damage(content, chance)
    path = folder / f"{number}.{kind}"
    path.write_bytes(data)
    return path, f"{kind} {damage.__name__}"


def outcome(workspace: Workspace, path: Path, kind: str) -> str:
    """What became of an import: `imported`, the name of our error, or what failed."""
    before = workspace.lake.snapshot().fingerprint
    try:
        done = import_file(workspace, kind, path, at=AT)
    except CustrataError as error:
        changed = workspace.lake.snapshot().fingerprint != before
        return f"HALF IMPORT after {type(error).__name__}" if changed else f"refused: {type(error).__name__}"
    except Hang:
        return "HANG"
    except BaseException:
        return "TRACEBACK\n" + traceback.format_exc()
    lost = done.rows - done.accepted - done.rejected - done.superseded - done.quality.blank
    return "imported" if lost <= 0 else f"LOST {lost} rows"


def main(files: int = 500, seed: int = 1) -> int:
    """Fuzz, print a tally, and return how many files failed."""

    def too_long(number: int, frame: FrameType | None) -> None:
        raise Hang

    signal.signal(signal.SIGPROF, too_long)
    signal.signal(signal.SIGALRM, too_long)
    chance, tally, failed = random.Random(seed), Counter[str](), 0
    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace.create(Path(scratch) / "shop")
        for number in range(files):
            path, description = damaged_file(Path(scratch), number, chance)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.alarm(PATIENCE)
            ended = outcome(workspace, path, chance.choice(["orders", "orders", "lines", "customers"]))
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            path.unlink()
            tally[ended.splitlines()[0]] += 1
            if ended != "imported" and not ended.startswith("refused"):
                failed += 1
                print(f"file {number} ({description}): {ended}")
    for ended, count in tally.most_common():
        print(f"{count:5}  {ended}")
    return failed


if __name__ == "__main__":
    sys.exit(min(1, main(*[int(argument) for argument in sys.argv[1:]])))
