"""The mapping of a file: the meaning of its columns and its date and number formats; can be saved as TOML."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import tomlkit

from custrata.engine.storage import reason_of
from custrata.errors import BadInput
from custrata.ingest.dates import Order
from custrata.ingest.fields import PROPERTY, kind_named
from custrata.ingest.texts import words

ORDERS_OF_DATE = ("day-first", "month-first")
LONGEST = 1_000_000  # characters of a mapping
LAST_ROW = 1_048_576  # of a sheet
PLAIN = ("date_order", "date_format", "decimal_comma", "encoding", "delimiter", "quote", "sheet", "header_row")
TABLES = ("columns", "constants", "values", "decisions", "leave_out", "zones")


class BadMapping(BadInput):
    template = "The mapping {file} cannot be used: {reason}."


class MappingNotWritten(BadInput):
    template = "The mapping cannot be written to {file}: {reason}."


class MappingDoesNotFit(BadInput):
    template = "The mapping names columns that “{file}” does not have: {columns}. It has: {headers}."


@dataclass(frozen=True)
class Mapping:
    """What the columns of a file mean.

    `columns` gives for each header a field of the kind, or `property` to keep it as a property; `constants` a value
    for fields the file has no column for; `values` further words for choices such as the status of an order.
    `decisions` holds answers to what an import asks, by the code of the question; `leave_out` for a header the cells
    whose rows are no orders: words (`*` at the end stands for any more), or a comparison such as `< 0`; `zones` the
    time zone of a column's times. `date_order`, `date_format` (as in `strptime`), `decimal_comma`, `encoding`,
    `delimiter`, `quote`, `sheet` (one name or several) and `header_row` (counted from 1) are found where they are None.
    """

    kind: str
    columns: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    decisions: dict[str, str] = field(default_factory=dict)
    leave_out: dict[str, list[str]] = field(default_factory=dict)
    zones: dict[str, str] = field(default_factory=dict)
    date_order: Order | None = None
    date_format: str | None = None
    decimal_comma: bool | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | tuple[str, ...] | None = None
    header_row: int | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The header of every field the file has a column for."""
        return {name: header for header, name in self.columns.items() if name != PROPERTY}

    @property
    def properties(self) -> tuple[str, ...]:
        """The headers kept as properties."""
        return tuple(header for header, name in self.columns.items() if name == PROPERTY)

    @property
    def sha256(self) -> str:
        """A fingerprint of the mapping."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()

    def to_toml(self) -> str:
        """The mapping as TOML, which can be edited and passed to the next import.

        >>> print(Mapping("products", {"SKU": "product_id", "Colour": "property"}).to_toml())
        kind = "products"
        <BLANKLINE>
        [columns]
        SKU = "product_id"
        Colour = "property"
        <BLANKLINE>
        """
        document = tomlkit.document()
        document["kind"] = self.kind
        for name in PLAIN:
            if (value := getattr(self, name)) is not None:
                document[name] = list(value) if isinstance(value, tuple) else value
        for name in TABLES:
            if table := getattr(self, name):
                document[name] = table
        return tomlkit.dumps(document)

    @classmethod
    def from_toml(cls, text: str, file: str = "mapping.toml") -> Mapping:
        """The mapping a file holds.

        Raises `BadMapping`, `UnknownKind`.

        >>> Mapping.from_toml('kind = "products"\\n[columns]\\nSKU = "product_id"').fields
        {'product_id': 'SKU'}
        """
        if len(text) > LONGEST:
            raise BadMapping(file=file, reason=f"it has more than {LONGEST:,} characters")
        try:
            data = tomllib.loads(text)
        except ValueError as error:  # no TOML, or a number of thousands of digits
            raise BadMapping(file=file, reason=error) from error
        except RecursionError as error:
            raise BadMapping(file=file, reason="it is nested too deep") from error
        return _checked(data, file)

    def write(self, path: Path) -> None:
        """Write the mapping to a file.

        Raises `MappingNotWritten`.
        """
        try:
            path.write_text(self.to_toml(), "utf-8")
        except OSError as error:
            raise MappingNotWritten(file=path, reason=reason_of(error)) from error

    @classmethod
    def read(cls, path: Path) -> Mapping:
        """The mapping in a file."""
        try:
            with path.open(encoding="utf-8") as file:
                return cls.from_toml(file.read(LONGEST + 1), path.name)
        except (OSError, UnicodeDecodeError) as error:
            raise BadMapping(file=path.name, reason=reason_of(error)) from error


def _checked(data: dict[str, object], file: str) -> Mapping:
    allowed = {"kind", *TABLES, *PLAIN}
    if unknown := sorted(set(data) - allowed):
        raise BadMapping(file=file, reason=f"it has the unknown entries {', '.join(unknown)}")
    kind = kind_named(str(data.get("kind", "")))
    columns, constants, decisions, zones = (
        _texts(data, name, file) for name in ("columns", "constants", "decisions", "zones")
    )
    values = {name: _texts(_table(data, "values", file), name, file) for name in _table(data, "values", file)}
    _check_fields(kind.name, columns, constants, values, file)
    if data.get("date_order", "day-first") not in ORDERS_OF_DATE:
        raise BadMapping(file=file, reason="date_order is day-first or month-first")
    if "%z" in str(data.get("date_format", "")).lower():
        raise BadMapping(file=file, reason="date_format cannot name a zone; leave it out, offsets are understood")
    plain = {name: data.get(name) for name in PLAIN}
    for name, value in plain.items():
        if value is not None and not _fits(name, value):
            raise BadMapping(file=file, reason=f"{name} has a value of the wrong kind")
    for name in ("delimiter", "quote"):
        if plain[name] is not None and not (len(cast(str, plain[name])) == 1 and cast(str, plain[name]).isascii()):
            raise BadMapping(file=file, reason=f"{name} must be one character")
    if isinstance(plain["sheet"], list):
        plain["sheet"] = tuple(plain["sheet"])
    leave_out = _left_out(data, file)
    return Mapping(kind.name, columns, constants, values, decisions, leave_out, zones, **plain)  # type: ignore[arg-type]  # checked above


def _left_out(data: Table[str, object], file: str) -> dict[str, list[str]]:
    rules: dict[str, list[str]] = {}
    for header, cells in _table(data, "leave_out", file).items():
        listed: list[object] = cells if isinstance(cells, list) else [cells]
        if not all(isinstance(cell, str) for cell in listed):
            raise BadMapping(file=file, reason="leave_out gives texts, or a list of texts, for a column")
        rules[header] = cast(list[str], listed)
    return rules


def _fits(name: str, value: object) -> bool:
    if name == "sheet" and isinstance(value, list):
        return bool(value) and all(isinstance(sheet, str) for sheet in value)
    if name == "header_row":
        return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LAST_ROW
    return isinstance(value, bool if name == "decimal_comma" else str)


def _table(data: Table[str, object], name: str, file: str) -> dict[str, object]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise BadMapping(file=file, reason=f"{name} is a table")
    return table


def _texts(data: Table[str, object], name: str, file: str) -> dict[str, str]:
    table = _table(data, name, file)
    if not all(isinstance(value, str) for value in table.values()):
        raise BadMapping(file=file, reason=f"the values of {name} are texts")
    return cast(dict[str, str], table)


def _check_fields(
    kind: str, columns: dict[str, str], constants: dict[str, str], values: dict[str, dict[str, str]], file: str
) -> None:
    names = kind_named(kind).names
    taken: set[str] = set()
    for name in [name for name in columns.values() if name != PROPERTY] + list(constants):
        if name not in names:
            raise BadMapping(file=file, reason=f"{kind} have no {name}; they have {', '.join(names)}")
        if name in taken:
            raise BadMapping(file=file, reason=f"two columns are mapped to {name}")
        taken.add(name)
    for name, table in values.items():
        choice = kind_named(kind)[name].choice if name in names else ""
        if not choice:
            raise BadMapping(file=file, reason=f"{name} has no fixed values")
        if wrong := sorted(set(table.values()) - set(words()[choice])):
            raise BadMapping(file=file, reason=f"{name} is never {', '.join(wrong)}")
