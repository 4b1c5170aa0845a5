"""What goes with a release beside sdist and wheel: a bill of materials and the licences of everything that is pinned.

`python tools/release.py FOLDER` writes both for the environment it runs in, which has to be the one of constraints.txt.
The bill is CycloneDX 1.6 and holds the pinned Python packages and what browsers load.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pins import CONSTRAINTS, ROOT, pinned

LOCK = ROOT / "package-lock.json"
NAMED = ("LICEN", "COPYING", "NOTICE", "UNLICENSE")  # how files with licences begin
RULE = "=" * 78


class NotAsPinned(Exception):
    """A pinned package is not installed here, or not in that version."""


def licence_of(package: Distribution) -> str:
    """The licence that a package declares: as an expression, as text, or by its classifiers."""
    stated = [package.metadata[key] for key in ("License-Expression", "License") if key in package.metadata]
    said = next(filter(None, stated), "")
    classifiers = package.metadata.get_all("Classifier") or []
    kinds = [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License ::")]
    first = said.strip().splitlines()[0] if said.strip() else ""
    return first or ", ".join(kinds) or "see below"


def licences(pins: dict[str, str]) -> str:
    """Name, version, licence and its texts of every pinned package. Raises `NotAsPinned`."""
    parts = []
    for name, version in sorted(pins.items(), key=lambda pin: pin[0].lower()):
        package = _installed(name, version)
        files = [file for file in package.files or () if file.name.upper().startswith(NAMED)]
        texts = [file.locate().read_text("utf-8", errors="replace").strip() for file in files]  # type: ignore[attr-defined]  # a Path
        parts.append("\n\n".join([f"{name} {version} ({licence_of(package)})", *texts]))
    return f"\n\n{RULE}\n\n".join(parts) + "\n"


def _installed(name: str, version: str) -> Distribution:
    try:
        package = distribution(name)
    except PackageNotFoundError:
        raise NotAsPinned(f"{name} {version} is pinned and not installed: make setup") from None
    if package.version != version:
        raise NotAsPinned(f"{name} is pinned as {version} and installed as {package.version}: make setup")
    return package


def browser_components(lock: dict[str, Any]) -> list[dict[str, Any]]:
    """What browsers load, by package-lock.json, as components of a CycloneDX bill."""
    loaded = {path.rpartition("node_modules/")[2]: entry for path, entry in lock["packages"].items() if path}
    return [
        {
            "type": "library",
            "bom-ref": f"{name}@{entry['version']}",
            "name": name,
            "version": entry["version"],
            "purl": f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
            **({"licenses": [{"license": {"name": entry["license"]}}]} if "license" in entry else {}),
        }
        for name, entry in sorted(loaded.items())
        if not entry.get("dev")
    ]


def bill() -> str:
    """The bill of materials of this environment and of what browsers load, as JSON."""
    command = ["cyclonedx_py", "environment", "--pyproject", str(ROOT / "pyproject.toml"), "--of", "JSON"]
    made = subprocess.run(
        [sys.executable, "-m", *command, "--output-reproducible", "-o", "-", sys.prefix],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(made.stdout)
    found["components"] += browser_components(json.loads(LOCK.read_text("utf-8")))
    return json.dumps(found, indent=1) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (folder / "licences.txt").write_text(licences(pinned(CONSTRAINTS.read_text("utf-8"))), "utf-8")
    except NotAsPinned as problem:
        sys.exit(str(problem))
    (folder / "sbom.cdx.json").write_text(bill(), "utf-8")
