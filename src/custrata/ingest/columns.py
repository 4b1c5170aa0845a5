"""Corrections to recognised columns: neighbouring columns and cell values may change the meaning of a column."""

from __future__ import annotations

import re
from collections.abc import Mapping as Table

from custrata.ingest.fields import FileKind
from custrata.ingest.headers import plain_header, rank
from custrata.ingest.questions import Dialog, Question
from custrata.ingest.sample import Sample
from custrata.ingest.statuses import is_status
from custrata.schema.numbers import UnreadableNumber, decimal_of

TIME = re.compile(
    r"^(上午|下午|午前|午後)?\s*\d{1,2}[:：]\d{2}([:：]\d{2}([.,]\d+)?)?\s*([ap]\.?\s?m\.?)?$", re.IGNORECASE
)
ZONE_HEADER = re.compile(
    r"\b(UTC|GMT|Z|PST|PDT|PT|EST|EDT|ET|CST|CDT|CT|MST|MDT|MT|CET|CEST|JST|KST|HKT|SGT|IST|BST|AEST|AEDT)\b"
    r"\s*([+-]\s*\d{1,2}(?::?\d{2})?)?|([+-]\d{2}:\d{2})"
    r"|((?:Africa|America|Asia|Atlantic|Australia|Europe|Indian|Pacific)/[A-Z][A-Za-z_]+)|(北京时间|東京|协调世界时)"
)
ZONES = {
    "UTC": "UTC", "GMT": "UTC", "Z": "UTC", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "PT": "America/Los_Angeles", "EST": "America/New_York", "EDT": "America/New_York", "ET": "America/New_York",
    "CDT": "America/Chicago", "CT": "America/Chicago", "MST": "America/Denver", "MDT": "America/Denver",
    "MT": "America/Denver", "CET": "Europe/Paris", "CEST": "Europe/Paris", "JST": "Asia/Tokyo", "KST": "Asia/Seoul",
    "HKT": "Asia/Hong_Kong", "SGT": "Asia/Singapore", "BST": "Europe/London", "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney", "北京时间": "Asia/Shanghai", "東京": "Asia/Tokyo", "协调世界时": "UTC",
}  # fmt: skip
HALVES = {"+0530": "Asia/Kolkata", "+0545": "Asia/Kathmandu", "+0930": "Australia/Darwin", "+0630": "Asia/Yangon"}
OFFSETS = {
    "UTC": "+0000", "GMT": "+0000", "Z": "+0000", "PST": "-0800", "PDT": "-0700", "MST": "-0700", "MDT": "-0600",
    "CST": "-0600", "CDT": "-0500", "EST": "-0500", "EDT": "-0400", "AKST": "-0900", "AKDT": "-0800", "HST": "-1000",
    "WET": "+0000", "WEST": "+0100", "CET": "+0100", "CEST": "+0200", "MEZ": "+0100", "MESZ": "+0200", "EET": "+0200",
    "EEST": "+0300", "BST": "+0100", "MSK": "+0300", "JST": "+0900", "KST": "+0900", "HKT": "+0800", "SGT": "+0800",
    "AEST": "+1000", "AEDT": "+1100", "ACST": "+0930", "AWST": "+0800", "NZST": "+1200", "NZDT": "+1300",
}  # fmt: skip
OFFSET = re.compile(r"^(?:UTC|GMT)?[+-]\d{2}:?\d{2}$")
RATE_HEADER = re.compile(r"[%％]|rate|percent|pct|ratio|率|比例", re.IGNORECASE)
MONEY_HEADER = re.compile(r"金额|金額|amount|value|额$|額$|betrag|montant|importe", re.IGNORECASE)
MAX_EXAMPLES = 3


def is_time(value: str) -> bool:
    """Whether a cell is a time of day without a day.

    >>> is_time("15:05:22"), is_time("3:05 PM"), is_time("2024-03-05 15:05")
    (True, True, False)
    """
    return TIME.match(value) is not None


def zone_of_header(header: str) -> str | None:
    """The time zone that a header names: an abbreviation, an offset or an IANA name.

    >>> zone_of_header("Created date (UTC)"), zone_of_header("Time (GMT+8)"), zone_of_header("Order date")
    ('UTC', 'Etc/GMT-8', None)
    """
    match = ZONE_HEADER.search(header)
    if match is None:
        return None
    name, offset, bare, iana, chinese = match.groups()
    if iana:
        return str(iana)
    if chinese:
        return ZONES[chinese]
    shift = (offset or bare or "").replace(" ", "").replace(":", "")
    if not shift:
        return ZONES.get(name)
    hours, minutes = (shift[:3], shift[3:]) if len(shift) > 3 else (shift, "")
    if minutes not in ("", "00"):
        return HALVES.get(f"{hours}{minutes}")
    number = int(hours)
    return "UTC" if number == 0 else f"Etc/GMT{-number:+d}"


def with_gross(file: Table[str, str], sample: Sample, kind: FileKind, dialog: Dialog) -> dict[str, str]:
    """The columns, with the amount before fees as the amount where the file has amounts before and after them."""
    fields = dict(file)
    net, gross = fields.get("amount"), fields.get("gross_amount")
    fee = next((header for header in sample.headers if rank(header, "fee") is not None), None)
    if kind.name != "orders" or not (net and gross and fee) or "net" not in plain_header(net):
        return fields
    if net in (fee,) or fee in fields.values():
        return fields
    del fields["gross_amount"]
    fields["amount"] = gross
    dialog.tell("before_fees", sample.rows, ", ".join(sample.columns[gross][:1]), gross=gross, net=net, fee=fee)
    return fields


def with_chosen(
    file: Table[str, str], sample: Sample, repeated: Table[str, list[str]], dialog: Dialog
) -> dict[str, str]:
    """The columns, with an answer which of several columns of one name a field is."""
    fields = dict(file)
    for header, columns in repeated.items():
        names = [name for name, column in fields.items() if column in columns]
        if not names or len({tuple(sample.columns[column]) for column in columns}) == 1:
            continue
        name = names[0]
        examples = "; ".join(f"{column}: {', '.join(sample.columns[column][:MAX_EXAMPLES])}" for column in columns)
        default = _after_discount(fields, sample, columns) if name == "amount" else fields[name]
        facts = {"header": header, "field": name, "example": examples}
        fields[name] = dialog.ask(Question(f"same_header.{header}", tuple(columns), default, facts))
        dialog.tell("same_header", len(columns), fields[name], header=header, field=name)
    return fields


def _after_discount(fields: Table[str, str], sample: Sample, columns: list[str]) -> str:
    """Of several amounts the one that is another less the discount, else the one recognised."""
    rows = sample.numbers((*columns, fields["discount"])) if "discount" in fields else []
    for column in columns:
        for other in columns:
            if (
                column != other
                and rows
                and all(row[other] - abs(row[fields["discount"]]) == row[column] for row in rows)
            ):
                return column
    return fields["amount"]


def with_rates(file: Table[str, str], sample: Sample, kind: FileKind, dialog: Dialog) -> dict[str, str]:
    """The columns, with rate discounts recognised: they become amounts where the gross amount is known,
    else they stay properties."""
    fields = dict(file)
    for name in ("discount", "discount_rate", "paid_rate"):
        header = fields.get(name)
        if header is None or (name == "discount" and not _is_rate(header, sample.columns[header])):
            continue
        paid = name == "paid_rate" or (name == "discount" and _is_paid_share(header, sample.columns[header]))
        del fields[name]
        has_gross = "gross_amount" in fields or {"quantity", "unit_price"} <= set(fields)
        if has_gross and "discount" not in fields:
            fields["paid_rate" if paid else "discount_rate"] = header
        code = "discount_rate_property" if not has_gross else "paid_rate" if paid else "discount_rate"
        dialog.tell(code, len(sample.columns[header]), next(iter(sample.columns[header]), ""), header=header)
    return {field: header for field, header in fields.items() if field in kind.names}


def _is_rate(header: str, values: list[str]) -> bool:
    if not values:
        return False
    if any("%" in value or "％" in value or "折" in value for value in values[:100]) or RATE_HEADER.search(header):
        return True
    try:
        numbers = [decimal_of(value.replace(",", ".")) for value in values]
    except UnreadableNumber:
        return False
    shares = all(0 <= number <= 1 for number in numbers) and any(0 < number < 1 for number in numbers)
    return shares and not MONEY_HEADER.search(header)


def _is_paid_share(header: str, values: list[str]) -> bool:
    """Whether 0.8 means that four fifths are paid, as 折 does, not that they are taken off."""
    if any("折" in value for value in values[:100]):
        return True
    return "折" in header and not any("%" in value for value in values[:100])


def is_zone(value: str) -> bool:
    """Whether a cell names a time zone, by an abbreviation, an offset or an IANA name."""
    return value.upper() in OFFSETS or OFFSET.match(value) is not None or zone_of_header(value) == value


CLOCK_TESTS = {"order_time": is_time, "time_zone": is_zone}


def clock_of(fields: Table[str, str], sample: Sample, kind: FileKind) -> dict[str, str]:
    """The separate columns for the time of day and its zone, where the file has them."""
    clock: dict[str, str] = {}
    for name, test in CLOCK_TESTS.items():
        if name not in kind.names or name in fields:
            continue
        for header in sample.headers:
            values = sample.some(header)
            if rank(header, name) is not None and values and all(map(test, values)) and header not in fields.values():
                clock.setdefault(name, header)
    return clock


def with_clock(file: Table[str, str], sample: Sample, kind: FileKind, dialog: Dialog) -> dict[str, str]:
    """The columns, with the time of day only where the date has none; adds a notice for zones in headers."""
    fields = dict(file)
    at = fields.get("ordered_at")
    days = sample.some(at) if at else []
    alone = bool(days) and not any(":" in day.replace("00:00:00", "").replace("00:00", "") for day in days)
    times = sample.some(fields["order_time"]) if "order_time" in fields else []
    if "order_time" in fields and not (alone and all(map(is_time, times))):
        del fields["order_time"]
    if "order_time" not in fields:
        fields.pop("time_zone", None)
    elif at:
        headers = [fields[name] for name in ("ordered_at", "order_time", "time_zone") if name in fields]
        dialog.tell("time_joined", len(headers), next(iter(sample.joined(*headers)), ""), headers=", ".join(headers))
    for name, header in fields.items():
        if kind[name].holds == "instant" and (zone := zone_of_header(header)):
            dialog.tell("zone_of_header", 1, next(iter(sample.some(header)), ""), header=header, zone=zone)
    return fields


def with_customer(file: Table[str, str], sample: Sample, kind: FileKind, dialog: Dialog) -> dict[str, str]:
    """The columns, with the e-mail, the phone or the name as the customer where the file has no customer id."""
    fields = dict(file)
    alone = kind.name == "orders" or (kind.name == "lines" and "order_id" not in fields)
    if "customer_id" in fields or not alone:
        return fields
    for name in ("email", "phone", "customer_name"):
        if header := fields.pop(name, None):
            fields["customer_id"] = header
            values = sample.columns[header]
            dialog.tell("customer_by_contact", len(values), next(iter(values), ""), header=header)
            return fields
    return fields


def with_status(file: Table[str, str], sample: Sample, kind: FileKind, dialog: Dialog) -> dict[str, str]:
    """The columns, with a status found by its values; adds a notice for a status column with too many words."""
    fields = dict(file)
    if "status" not in kind.names or "status" in fields:
        return fields
    for header in sample.headers:
        if header in fields.values() or not sample.columns[header]:
            continue
        if is_status(sample.columns[header], by_header=False):
            dialog.tell("status_by_content", 1, next(iter(sample.columns[header])), header=header)
            return {**fields, "status": header}
        if rank(header, "order_status") is not None and plain_header(header) != "state":
            dialog.tell("status_not_used", 1, sample.columns[header][0], header=header)
    return fields
