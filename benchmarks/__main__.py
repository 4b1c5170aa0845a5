"""`python -m benchmarks`: measure, print the tables, and write them to `build/bench.json` and `build/bench.md`."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from benchmarks.comparisons import KEYS, USUAL, Measurement, Plan, measure, say
from benchmarks.tables import Sheet, as_dict, scope, sheets
from benchmarks.tasks import ROOT

BUILD = ROOT / "build"
PACKAGES = ("custrata", "duckdb", "ibis-framework", "deltalake", "pyarrow", "pandas", "polars", "numpy")
SIZE = re.compile(r"(\d+)([km]?)")
WIDE = 200


def sizes(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, ...]:
    """Numbers of customers such as 10k and 1m, from the smallest."""
    matches = [SIZE.fullmatch(part.strip().lower()) for part in text.split(",")]
    if not all(matches):
        raise click.BadParameter("write numbers such as 10k,100k,1m")
    factors = {"": 1, "k": 1_000, "m": 1_000_000}
    return tuple(sorted({int(match[1]) * factors[match[2]] for match in matches if match}))


def works(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
    """Names of works."""
    names = tuple(part.strip() for part in text.split(","))
    if unknown := [name for name in names if name not in KEYS]:
        raise click.BadParameter(f"{', '.join(unknown)}: the works are {', '.join(KEYS)}")
    return names


@click.command()
@click.option(
    "--customers",
    callback=sizes,
    default="10k,100k,1m",
    show_default=True,
    help="Sizes, with ten orders each; 10m is possible, without pandas and polars.",
)
@click.option(
    "--only", callback=works, default=",".join(USUAL), show_default=True, help=f"Which works, of {', '.join(KEYS)}."
)
@click.option("--runs", type=click.IntRange(min=1), default=3, show_default=True, help="Runs of each.")
@click.option("--peer/--no-peer", "peers", default=True, show_default=True, help="Whether peers run too.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the orders.")
def main(customers: tuple[int, ...], only: tuple[str, ...], runs: int, peers: bool, seed: int) -> None:
    """Measure the works of docs/benchmarks.md against their peers, in turn, each run in a fresh process."""
    machine = _machine()
    if machine["load"] > 0.5:
        say(f"The machine is busy (load {machine['load']:.1f}): trust the ratios, not the seconds.")
    plan = Plan(customers, only, runs, peers, seed, BUILD / "bench")
    measurements: list[Measurement] = []
    for measurement in measure(plan):
        measurements.append(measurement)
        _write_results(machine, measurements, plan)
    console = Console(width=max(WIDE, Console().width))
    for sheet in sheets(measurements):
        console.print(sheet.as_rich_table())
    click.echo(scope(measurements))
    say(f"Written to {BUILD.name}/bench.json and {BUILD.name}/bench.md")


def _write_results(machine: dict[str, Any], measurements: Sequence[Measurement], plan: Plan) -> None:
    """Write what there is by now: a long measurement may be cut short."""
    settings = {"customers": plan.sizes, "only": plan.only, "runs": plan.runs, "seed": plan.seed}
    results = {"machine": machine, "settings": settings, **as_dict(measurements)}
    _write(BUILD / "bench.json", json.dumps(results, indent=1, ensure_ascii=False))
    _write(BUILD / "bench.md", _page(machine, plan, sheets(measurements), scope(measurements)))


def _page(machine: dict[str, Any], plan: Plan, tables: Sequence[Sheet], computed: str) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    head = (
        f"{machine['at'][:10]}, {machine['cores']} cores ({machine['processor']}), {machine['memory_gb']} GB, "
        f"Python {machine['python']}, {packages}; medians of {plan.runs} runs, seed {plan.seed}."
    )
    return "\n\n".join([head, *(table.markdown() for table in tables), computed]) + "\n"


def _write(path: Path, text: str) -> None:
    half = path.with_suffix(path.suffix + ".half")
    half.write_text(text, "utf-8")
    half.replace(path)


def _machine() -> dict[str, Any]:
    BUILD.mkdir(exist_ok=True)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    """The model name of the processor, where the system reports it."""
    cpuinfo = Path("/proc/cpuinfo")
    model = (
        re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text("utf-8"), re.MULTILINE) if cpuinfo.exists() else None
    )
    return model[1] if model else platform.machine()


if __name__ == "__main__":
    main()
