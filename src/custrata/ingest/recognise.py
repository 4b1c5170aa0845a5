"""Recognise columns by their header, and by their content where the header is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Table
from dataclasses import replace

from custrata.errors import BadInput
from custrata.ingest.columns import (
    CLOCK_TESTS,
    clock_of,
    is_time,
    with_chosen,
    with_clock,
    with_customer,
    with_gross,
    with_rates,
    with_status,
    zone_of_header,
)
from custrata.ingest.contacts import EMAIL_LIKE, PHONE_LIKE
from custrata.ingest.dates import Evidence, Order, evidence, form_of, looks_like_date, order_of, short_year_form
from custrata.ingest.fields import PROPERTY, FileKind, ImportField, kind_named
from custrata.ingest.headers import plain_header, rank
from custrata.ingest.mapping import Mapping, MappingDoesNotFit
from custrata.ingest.money import settled_comma
from custrata.ingest.platforms import platform_of
from custrata.ingest.questions import Dialog
from custrata.ingest.sample import SAMPLE_VALUES, Sample
from custrata.ingest.sources import FileSource, NoHeader
from custrata.ingest.statuses import is_status
from custrata.ingest.texts import words

SAMPLE_ROWS = 20_000
ENOUGH = 20
TOLD_HEADERS = 30
NUMBER_LIKE = re.compile(r"^[-+(]?\s*[^\d\s.,()-]{0,4}\s*-?\d[\d.,'\s]*\s*[^\d\s.,()-]{0,4}[-)]?$")
PLAIN_NUMBER = re.compile(r"^[-+]?\d[\d.,]*$")
DECIMAL_LIKE = re.compile(r"^[-+]?\d+[.,]\d{1,4}$")
UNIX_LIKE = re.compile(r"^[1-9]\d{9}(\d{3})?$")
NOT_IDS = re.compile(
    "备注|说明|note|remark|comment|memo|message|bemerkung|商品|product|name|名|地址|address|title|标题"
)
FEEDBACK_SCORES = ("nps", "csat", "ces")


class MissingColumns(BadInput):
    template = (
        "“{file}” has no column for {missing}. Its columns are: {headers}. Assign the columns in a mapping file, and "
        "pass it with --mapping."
    )


class MissingColumnsProposed(MissingColumns):
    template = (
        "“{file}” has no column for {missing}. Its columns are: {headers}. If the following mapping is correct, save "
        "it as a mapping file, otherwise correct it, and pass it with --mapping:\n{mapping}"
    )


class AmbiguousColumns(BadInput):
    template = (
        "“{file}” has several columns that could be {field}: {headers}. Choose one in a mapping file (--mapping)."
    )


class LooksLikeLines(BadInput):
    template = "“{file}” looks like order lines: order numbers repeat and it has products. Use `custrata import lines`."


class LooksLikeOrders(BadInput):
    template = "“{file}” looks like orders: it has amounts but no products or quantities. Use `custrata import orders`."


def recognised(
    source: FileSource, sample: Sample, kind_name: str, date_order: Order | None = None, dialog: Dialog | None = None
) -> Mapping:
    """The recognised mapping of a file; ambiguities are asked through `dialog`.

    Raises `NoHeader`, `MissingColumns`, `AmbiguousColumns`, `LooksLikeLines`, `LooksLikeOrders`.
    """
    kind, dialog = kind_named(kind_name), dialog or Dialog(source.name, {}, accept_defaults=True)
    platform = platform_of(sample.headers)
    fields = platform.columns(kind.name, sample.headers) if platform else {}
    if platform and fields:
        dialog.tell("platform", len(fields), platform.label)
    else:
        if platform and kind.name == "orders" and "lines" in platform.kinds:
            raise LooksLikeLines(file=source.name)
        fields = _by_header(source.name, sample, kind)
        _refuse_headless(source.name, sample, fields)
        _refuse_confusion(source.name, sample, kind, fields)
        fields |= _by_content(sample, kind, fields)
    fields = with_customer(fields, sample, kind, dialog)
    fields = with_chosen(fields, sample, source.repeated, dialog)
    fields = with_gross(fields, sample, kind, dialog)
    fields = with_rates(fields, sample, kind, dialog)
    fields = with_status(fields, sample, kind, dialog)
    fields = with_clock(fields, sample, kind, dialog)
    constants = _constants(sample, kind, fields)
    _refuse_missing(source.name, sample, kind, {*fields, *constants}, fields)
    names = {header: name for name, header in fields.items()}
    columns = {header: names.get(header, PROPERTY) for header in sample.headers}
    return with_forms(Mapping(kind_name, columns, constants), source, sample, date_order)


def checked(
    mapping: Mapping, source: FileSource, sample: Sample, kind_name: str, dialog: Dialog | None = None
) -> Mapping:
    """A given mapping, with unmapped columns as properties; a separate time of day is joined to the date of the
    orders.

    Raises `MappingDoesNotFit`, `MissingColumns`.
    """
    kind, dialog = kind_named(kind_name), dialog or Dialog(source.name, {}, accept_defaults=True)
    named = [*mapping.columns, *mapping.leave_out, *mapping.zones]
    if unknown := list(dict.fromkeys(header for header in named if header not in sample.headers)):
        raise MappingDoesNotFit(file=source.name, columns=", ".join(unknown), headers=", ".join(sample.headers))
    _refuse_missing(source.name, sample, kind, {*mapping.fields, *mapping.constants}, mapping.fields)
    free = {header: name for name, header in clock_of(mapping.fields, sample, kind).items()}
    free = {header: name for header, name in free.items() if header not in mapping.columns}
    fields = with_clock(mapping.fields | {name: header for header, name in free.items()}, sample, kind, dialog)
    names = {header: name for name, header in fields.items()}
    columns = {header: names.get(header, PROPERTY) for header in sample.headers}
    return replace(mapping, columns=columns)


def with_forms(mapping: Mapping, source: FileSource, sample: Sample, date_order: Order | None) -> Mapping:
    """The mapping with missing formats of dates, numbers and the file filled in from the sample."""
    kind = kind_named(mapping.kind)
    headers = {kind[name].holds: [] for name in mapping.fields}  # type: dict[str, list[str]]
    for name, header in mapping.fields.items():
        headers[kind[name].holds].append(header)
    dates = headers.get("instant", []) + headers.get("date", [])
    declared = mapping.date_order or (order_of(mapping.date_format) if mapping.date_format else None)
    order = date_order or declared or sum((evidence(sample.columns[h]) for h in dates), Evidence()).order
    comma = mapping.decimal_comma
    if comma is None:
        comma = settled_comma(value for header in headers.get("number", []) for value in sample.some(header))
    if comma is None and source.file.form in ("excel", "parquet"):  # their numbers are numbers, not texts
        comma = False
    instants = headers.get("instant", [])
    clock = [mapping.fields[name] for name in ("order_time", "time_zone") if name in mapping.fields]
    form = mapping.date_format
    if instants and form is None:
        values = sample.joined(instants[0], *clock) if clock else sample.some(instants[0])
        form = short_year_form(values) if declared is date_order is None else None
        order, form = (None, form) if form else (order, form_of(values, order))
    zones = {header: zone for header in instants if (zone := zone_of_header(header))}
    return replace(
        mapping,
        date_order=order,
        date_format=form,
        zones=zones | mapping.zones,
        decimal_comma=comma,
        encoding=mapping.encoding or source.encoding,
        delimiter=source.dialect.delimiter if source.dialect else None,
        quote=source.dialect.quote if source.dialect else None,
        sheet=source.sheet,
    )


def _by_header(file: str, sample: Sample, kind: FileKind) -> dict[str, str]:
    """For every field the column whose header matches best and whose content does not contradict it."""
    claims = []
    for place, field in enumerate(kind.fields):
        for header in sample.headers:
            if kind.name == "lines" and field.holds == "number" and header in sample.spanning:
                continue
            if (score := rank(header, field.headers)) is not None:
                fits = _fits(field, sample.some(header), header)
                if fits or field.required:
                    claims.append((not fits, score, place, field, header))
    taken: dict[str, str] = {}
    for _, score, _, field, header in sorted(claims, key=lambda claim: claim[:3]):
        if header in taken.values():
            continue
        if field.name in taken:
            rival = taken[field.name]
            if rank(rival, field.headers) == score and _fits(field, sample.some(header), header):
                raise AmbiguousColumns(file=file, field=field.name, headers=f"{rival}, {header}")
            continue
        taken[field.name] = header
    return taken


def _fits(field: ImportField, values: list[str], header: str) -> bool:
    """Whether half of the values are what the field holds; an empty column contradicts nothing.

    Neither does a wrong phone or birthday: it is kept as a property either way.
    """
    if not values or field.soft:
        return True
    if field.name in CLOCK_TESTS:
        return all(CLOCK_TESTS[field.name](value) for value in values)
    if field.choice == "order_status":
        return is_status(values, by_header=plain_header(header) != "state")
    fitting = sum(map(_test(field), values))
    return fitting * 2 >= len(values)


def _test(field: ImportField) -> Callable[[str], bool]:
    if field.holds in ("instant", "date"):
        return lambda value: looks_like_date(value) or UNIX_LIKE.match(value) is not None or _is_serial(value)
    if field.holds == "number":
        return lambda value: NUMBER_LIKE.match(value) is not None
    if field.holds == "choice":
        known_values = {word for value, meanings in words()[field.choice].items() for word in (value, *meanings)}
        return lambda value: value.lower() in known_values
    if field.holds == "phone":
        return lambda value: PHONE_LIKE.match(value) is not None
    if field.holds == "email":
        return lambda value: "@" in value
    return lambda value: True


def _is_serial(value: str) -> bool:
    return re.match(r"^[2-5]\d{4}(\.\d+)?$", value) is not None


def _refuse_headless(file: str, sample: Sample, fields: dict[str, str]) -> None:
    """Refuse a first row without known names that holds dates or numbers: it is data."""
    odd = [header for header in sample.headers if looks_like_date(header) or PLAIN_NUMBER.match(header)]
    if odd and not fields:
        raise NoHeader(file=file, cells=", ".join(sample.headers[:6]))


def _refuse_confusion(file: str, sample: Sample, kind: FileKind, fields: dict[str, str]) -> None:
    if kind.name not in ("orders", "lines") or "order_id" not in fields:
        return
    ids = sample.columns[fields["order_id"]]
    repeated = len(set(ids)) < 0.95 * len(ids)
    other = _by_header(file, sample, kind_named("lines")) if kind.name == "orders" else fields
    product = {"product_id", "product_name"} & set(other)
    if kind.name == "orders" and repeated and product and {"quantity", "unit_price"} & set(other):
        raise LooksLikeLines(file=file)
    if kind.name == "lines" and not repeated and not product and "quantity" not in fields and "amount" in fields:
        raise LooksLikeOrders(file=file)


def _by_content(sample: Sample, kind: FileKind, fields: dict[str, str]) -> dict[str, str]:
    """Fields without a matching header that exactly one column fits by its content, in a sample long enough."""
    by_content: dict[str, str] = {}
    for name, test in (
        ("ordered_at", looks_like_date),
        ("occurred_at", looks_like_date),
        ("given_at", looks_like_date),
        ("phone", _is_phone),
        ("email", lambda value: EMAIL_LIKE.match(value.lower()) is not None),
        ("amount", lambda value: DECIMAL_LIKE.match(value) is not None),
    ):
        if name not in kind.names or name in fields or (name == "amount" and "unit_price" in fields):
            continue
        free = [header for header in sample.headers if header not in {*fields.values(), *by_content.values()}]
        fitting = [header for header in free if _mostly(test, sample.some(header))]
        if len(fitting) == 1:
            by_content[name] = fitting[0]
    return by_content | _ids_by_content(sample, kind, {**fields, **by_content})


def _ids_by_content(sample: Sample, kind: FileKind, fields: dict[str, str]) -> dict[str, str]:
    """Order and customer ids by content: order ids are unique, customer ids repeat."""
    if kind.name != "orders":
        return {}
    by_content: dict[str, str] = {}
    free = [header for header in sample.headers if header not in fields.values() and _is_id(sample.columns[header])]
    shares = {header: len(set(sample.columns[header])) / len(sample.columns[header]) for header in free}
    for name, least, most in (("order_id", 1.0, 1.0), ("customer_id", 0.02, 0.98)):
        fitting = [header for header, share in shares.items() if least <= share <= most]
        if name not in fields and len(fitting) == 1:
            by_content[name] = fitting[0]
    return by_content


def _is_id(values: list[str]) -> bool:
    return len(values) >= ENOUGH and all(
        len(value) <= 64 and any(map(str.isdigit, value)) and not looks_like_date(value) and "." not in value
        for value in values[:SAMPLE_VALUES]
    )


def _is_phone(value: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return PHONE_LIKE.match(value) is not None and 10 <= len(digits) <= 15 and (value[0] in "+0" or digits[0] == "1")


def _mostly(test: Callable[[str], bool], values: list[str]) -> bool:
    if len(values) < ENOUGH or sum(map(test, values[:ENOUGH])) * 2 < ENOUGH:
        return False
    return sum(map(test, values)) >= 0.95 * len(values)


def _constants(sample: Sample, kind: FileKind, fields: dict[str, str]) -> dict[str, str]:
    """A score called NPS, CSAT or CES says what kind of feedback every row is."""
    if kind.name != "feedback" or "kind" in fields or "score" not in fields:
        return {}
    name = plain_header(fields["score"])
    return next(({"kind": score} for score in FEEDBACK_SCORES if name.startswith(score)), {})


def _refuse_missing(file: str, sample: Sample, kind: FileKind, names: Collection[str], fields: Table[str, str]) -> None:
    missing = [need for need in kind.needs if not {*names} & {*need, *_stands_in(need)}]
    if kind.name == "lines" and "order_id" not in names and not {"customer_id", "ordered_at"} <= {*names}:
        missing = [("order_id",), *(need for need in missing if "order_id" not in need)]
    if not missing:
        return
    headers = ", ".join(sample.headers[:TOLD_HEADERS]) + (" …" if len(sample.headers) > TOLD_HEADERS else "")
    facts = {"file": file, "missing": ", ".join("/".join(need) for need in missing), "headers": headers}
    guesses = _guesses(sample, kind, [need[0] for need in missing], fields)
    if guesses is None:
        raise MissingColumns(**facts)
    columns = {header: name for name, header in {**fields, **guesses}.items()}
    raise MissingColumnsProposed(**facts, mapping=Mapping(kind.name, columns).to_toml())


def _guesses(sample: Sample, kind: FileKind, missing: Sequence[str], fields: Table[str, str]) -> dict[str, str] | None:
    """For every missing field a column that fits by content; None if one has none."""
    guesses: dict[str, str] = {}
    for name in missing:
        taken = {*fields.values(), *guesses.values()}
        fitting = [header for header in sample.headers if header not in taken and _could_be(kind[name], sample, header)]
        if not fitting:
            return None
        guesses[name] = fitting[0]
    return guesses


def _could_be(field: ImportField, sample: Sample, header: str) -> bool:
    """Whether every cell of a column fits the field and no other type."""
    values = sample.some(header)
    if not values or is_status(values, by_header=False):
        return False
    numbers = all(NUMBER_LIKE.match(value) for value in values)
    dates = all(looks_like_date(value) for value in values)
    times = all(is_time(value) for value in values)
    if field.holds in ("instant", "date"):
        return dates and not times
    if field.holds == "number":
        return numbers and not dates and not times
    if field.holds == "id":
        decimals = any(DECIMAL_LIKE.match(value) for value in values)
        words = len(set(values)) < 2 or NOT_IDS.search(plain_header(header)) is not None
        return not (dates or times or decimals or words)
    return not (numbers or dates or times)


def _stands_in(need: tuple[str, ...]) -> set[str]:
    """Fields that can replace a required one: the gross amount where the file has no other amount."""
    return {"gross_amount"} if need == ("amount",) else set()
