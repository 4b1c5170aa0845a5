"""DuckDB functions used in cleaning that Ibis does not provide."""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

FORMS = dt.Array(dt.string)
ENTRIES = dt.Array(dt.Struct({"key": dt.string, "value": dt.string}))
TEXTS = dt.Map(dt.string, dt.string)


@ibis.udf.scalar.builtin(signature=((dt.string, FORMS), dt.timestamp))
def try_strptime(text, forms):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The time parsed with the first format that matches, else null."""


@ibis.udf.scalar.builtin(signature=((dt.string, dt.string), dt.string))
def trim(text, characters):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The text without these characters at its ends."""


@ibis.udf.scalar.builtin(signature=((dt.string, dt.int32), dt.string))
def right(text, count):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The last characters of a text."""


@ibis.udf.scalar.builtin(name="strlen", signature=((dt.string,), dt.int64))
def byte_length(text):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """How many bytes a text takes in UTF-8: as many as characters where it is ASCII."""


@ibis.udf.scalar.builtin(signature=((dt.string,), dt.string))
def strip_accents(text):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The text with plain letters instead of accented ones."""


@ibis.udf.scalar.builtin(signature=((dt.string,), dt.string))
def sha256(text):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The SHA-256 of the text as 64 hexadecimal digits."""


@ibis.udf.scalar.builtin(signature=((ENTRIES,), TEXTS))
def map_from_entries(entries):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """A map of the entries."""


@ibis.udf.scalar.builtin(name="hash", signature=((dt.string,), dt.uint64))
def fingerprint(text):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """A 64-bit hash of the text."""


def texts_by_name(values: dict[str, ir.StringValue]) -> ir.MapValue:
    """A map of the values that are there, by name; null where none is."""
    if not values:
        return ibis.null(TEXTS)
    entries = ibis.array([ibis.struct({"key": name, "value": value}) for name, value in values.items()])
    present = entries.filter(lambda entry: entry["value"].notnull())
    return (ibis.coalesce(*values.values()).notnull()).ifelse(map_from_entries(present), ibis.null(TEXTS))


@ibis.udf.scalar.builtin(signature=((dt.string,), dt.string))
def md5(text):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The MD5 of the text as 32 hexadecimal digits."""


@ibis.udf.scalar.builtin(signature=((FORMS, dt.string), dt.int32))
def list_position(values, value):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The position of a value in a list, from 1; null where it is not contained."""


@ibis.udf.scalar.builtin(signature=((FORMS, dt.int32), dt.string))
def list_extract(values, place):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """The element at a position of a list, from 1; null where there is none."""


@ibis.udf.scalar.builtin(signature=((TEXTS, TEXTS), TEXTS))
def map_concat(first, second):  # type: ignore[no-untyped-def]  # Ibis reads the signature
    """Both maps as one; the second wins."""
