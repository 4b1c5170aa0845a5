"""A workspace: the folder that holds one business's facts, what was computed from them, and how to read its files."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomlkit
from babel.numbers import list_currencies

from custrata.engine import BadSparkOption, Engine, connect, memory_in_bytes, options_in
from custrata.engine.memory import HALF
from custrata.engine.scratch import PREFIX, remove_abandoned
from custrata.engine.storage import reason_of
from custrata.errors import BadInput, Refused
from custrata.lake.backups import Backups
from custrata.lake.durable import Damaged, remove_half_written, replace_file
from custrata.lake.erasures import Erasures
from custrata.lake.exclusions import Exclusions
from custrata.lake.intents import Intents
from custrata.lake.lake import Lake
from custrata.lake.retention import DAYS, QUARANTINE, SHARE, compacting_share, days_kept
from custrata.lake.runs import Runs
from custrata.private import FOLDER, private_files, restrict_folder
from custrata.schema.counting import FreeOrders, free_orders_named
from custrata.schema.zones import zone_named
from custrata.wording import language_named

FILE = "custrata.toml"
# Settings that a file written by an earlier version lacks.
DEFAULTS = {"memory": HALF, "free_orders": "count"}
DEFAULTS |= {"keep_runs": DAYS, "keep_quarantine": QUARANTINE, "compact_at": SHARE}
SCRATCH = "scratch"
# What killed processes may leave in a workspace, in its folder for spilling, and beside it.
# Where files are replaced as a whole; what a killed writer leaves there ends in `.new`.
HALF_WRITTEN_IN = (
    "*.new",
    ".*.new",
    "derived/*.new",
    "derived/*/*.new",
    "lake/*.new",
    "schemes/**/*.new",
    "server/*.new",
)
LEFT_INSIDE, LEFT_IN_SCRATCH, LEFT_BESIDE = (".import-", ".backup-"), ("custrata-",), (".restoring-",)
# Delta Lake decodes the percent sign in a path, and Spark reads the others as patterns.
UNREADABLE = frozenset('%*?[]{}\\"')


class NotAWorkspace(Refused):
    template = "{folder} is not a workspace. Create one with `custrata init {folder}`, or name another folder."


class AlreadyAWorkspace(Refused):
    template = "{folder} is already a workspace. Use it, or name another folder."


class CannotMakeWorkspace(Refused):
    template = "No workspace can be created in {folder}: {reason}. Name another folder, or change its permissions."


class UnusableFolderName(BadInput):
    template = "The folder {folder} has {characters} in its name, which not every engine can read. Name another folder."


class BadSettings(BadInput):
    template = "The settings in {file} cannot be read: {reason}. Correct the file."


class MissingSetting(BadInput):
    template = 'The settings in {file} lack {setting} = "…". Add that line.'


class UnknownCurrency(BadInput):
    template = "“{currency}” is not a currency. Use a code of three letters such as CNY, USD or EUR."


@dataclass(frozen=True)
class Settings:
    """What holds for the whole workspace: name, currency (ISO 4217), time zone (IANA), language.

    `memory` is what a computation may take before it goes to disk: a size (`8GB`), or a share of the machine (`50%`).
    `free_orders` says whether orders for which nothing was paid count for recency and frequency: `count` or `ignore`.
    `keep_runs` is for how many days before the newest run all runs stay (`60`), or `all`; of older ones the last of
    each month stays. `keep_quarantine` is for how many days rejected rows stay, or `all`. `compact_at` is the share of
    dead bytes to live ones at which the lake is compacted by itself (`50%`), or `never`.
    """

    name: str
    currency: str
    timezone: str
    language: str
    memory: str = HALF
    free_orders: FreeOrders = "count"
    keep_runs: str = DAYS
    keep_quarantine: str = QUARANTINE
    compact_at: str = SHARE

    @classmethod
    def checked(
        cls,
        *,
        name: str,
        currency: str,
        timezone: str,
        language: str,
        memory: str = HALF,
        free_orders: str = "count",
        keep_runs: str = DAYS,
        keep_quarantine: str = QUARANTINE,
        compact_at: str = SHARE,
    ) -> Settings:
        """Settings that are known to be usable.

        Raises `UnknownCurrency`, `UnknownTimeZone`, `UnknownLanguage`, `BadMemoryLimit`, `UnknownFreeOrders`,
        `NotARetention`, `NotACompactingShare`.

        >>> Settings.checked(name="Shop", currency="eur", timezone="Europe/Paris", language="en").currency
        'EUR'
        """
        if currency.upper() not in list_currencies():
            raise UnknownCurrency(currency=currency)
        memory_in_bytes(memory)
        compacting_share(compact_at)
        for retention in (keep_runs, keep_quarantine):
            days_kept(retention)
        return cls(
            name=name,
            currency=currency.upper(),
            timezone=zone_named(timezone).key,
            language=language_named(language),
            memory=memory,
            free_orders=free_orders_named(free_orders),
            keep_runs=keep_runs,
            keep_quarantine=keep_quarantine,
            compact_at=compact_at,
        )


@dataclass(frozen=True)
class Workspace:
    """An open workspace: `lake` (facts), `runs` (what was computed from them), and its folders."""

    folder: Path
    settings: Settings

    @classmethod
    def create(
        cls,
        folder: Path | str,
        *,
        name: str | None = None,
        currency: str = "CNY",
        timezone: str = "Asia/Shanghai",
        language: str = "zh-hans",
        memory: str = HALF,
        free_orders: FreeOrders = "count",
        keep_runs: str = DAYS,
        keep_quarantine: str = QUARANTINE,
        compact_at: str = SHARE,
    ) -> Workspace:
        """Make a workspace in a folder, which may exist; its name is the folder's where none is given.

        The folder, and all that is written into it, can be read by its owner alone.

        Raises `AlreadyAWorkspace`, `CannotMakeWorkspace`, `UnusableFolderName`, and what `Settings.checked` raises.

        >>> import tempfile
        >>> shop = Workspace.create(tempfile.mkdtemp(), name="Shop", currency="USD", language="en")
        >>> Workspace.open(shop.folder).settings.currency
        'USD'
        """
        home = _home(folder)
        named = name or home.name
        settings = Settings.checked(
            name=named,
            currency=currency,
            timezone=timezone,
            language=language,
            memory=memory,
            free_orders=free_orders,
            keep_runs=keep_runs,
            keep_quarantine=keep_quarantine,
            compact_at=compact_at,
        )
        if (home / FILE).exists():
            raise AlreadyAWorkspace(folder=home)
        workspace = cls(home, settings)
        try:
            with private_files():
                workspace._make()
        except OSError as error:
            raise CannotMakeWorkspace(folder=home, reason=reason_of(error)) from error
        return workspace

    @classmethod
    def open(cls, folder: Path | str) -> Workspace:
        """The workspace in a folder.

        Raises `NotAWorkspace`, `UnusableFolderName`, `BadSettings`, `MissingSetting`, what `Settings.checked` raises.
        """
        home = _home(folder)
        if not (home / FILE).is_file():
            raise NotAWorkspace(folder=home)
        return cls(home, _settings_in(home / FILE))

    @property
    def lake(self) -> Lake:
        """The facts and source records."""
        return Lake(self.folder / "lake")

    @property
    def runs(self) -> Runs:
        """What refreshes computed and published."""
        return Runs(self.folder / "derived")

    @property
    def exclusions(self) -> Exclusions:
        """Customers excluded from grading."""
        return Exclusions(self.folder)

    @property
    def erasures(self) -> Erasures:
        """Customers who were erased, and whose rows imports refuse."""
        return Erasures(self.folder)

    @property
    def backups(self) -> Backups:
        """Where backups were written."""
        return Backups(self.folder)

    @property
    def erasing(self) -> Intents:
        """Erasures that are under way."""
        return Intents(self.folder)

    @property
    def quarantine(self) -> Path:
        """Where rejected rows wait to be mended."""
        return self.folder / "quarantine"

    @property
    def mappings(self) -> Path:
        """Where saved mappings lie."""
        return self.folder / "mappings"

    @property
    def schemes(self) -> Path:
        """Where the versions of schemes lie that were published here; missing until one is."""
        return self.folder / "schemes"

    @contextmanager
    def engine(
        self, name: str = "duckdb", *, threads: int | None = None, spark_options: Mapping[str, str] | None = None
    ) -> Iterator[Engine]:
        """An engine that keeps to the memory limit of this workspace and spills into its folder.

        What a killed one left there is removed by the next. `spark_options` come before those of the settings file.
        Raises `BadSettings`, `BadSparkOption`, and what `custrata.connect` raises.
        """
        scratch = None
        if os.access(self.folder, os.W_OK):
            scratch = self.folder / SCRATCH
            scratch.mkdir(FOLDER, exist_ok=True)
        options = {**self.spark_options(), **(spark_options or {})} if name == "spark" else None
        memory = self.settings.memory
        with connect(name, threads=threads, memory_limit=memory, scratch=scratch, spark_options=options) as engine:
            yield engine

    def spark_options(self) -> dict[str, str]:
        """Spark's own settings, from the table `spark` of the settings file. Raises `BadSettings`, `BadSparkOption`."""
        table = _values_in(self.folder / FILE).get("spark", {})
        if not isinstance(table, Mapping):
            raise BadSparkOption(option=f"spark = {table}")
        return options_in(table)

    def remove_leftovers(self) -> int:
        """Remove what killed imports, backups, restores and engines left here and beside it; how many folders.

        What a living process is using stays.
        """
        places = (
            (self.folder, LEFT_INSIDE),
            (self.folder / SCRATCH, LEFT_IN_SCRATCH),
            (self.folder.parent, LEFT_BESIDE),
            (Path(tempfile.gettempdir()), (PREFIX,)),
            *((folder, LEFT_INSIDE) for folder in self._backed_up_to()),
        )
        half_written = (path for pattern in HALF_WRITTEN_IN for path in self.folder.glob(pattern))
        with suppress(OSError):
            remove_half_written(half_written)
        return sum(remove_abandoned(place, *prefixes) for place, prefixes in places)

    def _backed_up_to(self) -> list[Path]:
        with suppress(Damaged):  # a list of backups that cannot be read keeps nobody from anything else
            return list(self.backups.folders())
        return []

    def make_folders(self) -> None:
        """Make the folders that a workspace has from the first and that hold nothing yet: a backup has files alone."""
        for part in (self.quarantine, self.mappings, self.runs.folder):
            part.mkdir(exist_ok=True)

    def _make(self) -> None:
        self.lake.create()
        restrict_folder(self.folder)
        self.make_folders()
        # Last, since it makes the folder a workspace.
        replace_file(self.folder / FILE, tomlkit.dumps(asdict(self.settings)))


def _home(folder: Path | str) -> Path:
    home = Path(folder).expanduser().resolve()
    if characters := sorted(UNREADABLE & set(str(home))):
        raise UnusableFolderName(folder=home, characters=" ".join(characters))
    return home


def _values_in(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadSettings(file=file, reason=error) from error


def _settings_in(file: Path) -> Settings:
    values = _values_in(file)
    texts = {name: values.get(name, DEFAULTS.get(name)) for name in Settings.__dataclass_fields__}
    for name in ("keep_runs", "keep_quarantine"):  # a number of days reads well without quotes, too
        texts[name] = str(texts[name]) if type(texts[name]) is int else texts[name]
    for name, value in texts.items():
        if not isinstance(value, str) or not value:
            raise MissingSetting(file=file, setting=name)
    return Settings.checked(**{name: str(value) for name, value in texts.items()})
