"""Translates the errors of an engine into Custrata errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import ibis.expr.types as ir

from custrata.engine.storage import storage_error
from custrata.errors import CustrataError, Refused

P = ParamSpec("P")
R = TypeVar("R")

_ENGINES = frozenset({"duckdb", "_duckdb", "pyspark", "py4j", "pyarrow", "ibis"})
_MEMORY = ("out of memory", "outofmemory", "java heap space", "could not allocate", "failed to offload")
_LARGE = ("overflow", "out of range", "conversion error", "could not cast", "arithmetic", "too large", "too small")
_TYPES = ("binder", "no operation", "signaturevalidation", "inputtypeerror", "datatype", "not implemented")


class EngineOutOfMemory(Refused):
    template = (
        "Not enough memory. Close other programs, allow more with connect(memory_limit=…), or process fewer "
        "customers at once."
    )


class NumberTooLarge(Refused):
    template = (
        "A number is too large to compute with. Amounts may have 15 digits before the decimal point, and a customer "
        "ten million orders; check the rows beyond that."
    )


class UnfitColumn(Refused):
    template = "A column has a type that cannot be used here. Pass numbers as numbers and dates as dates."


class EngineFailed(Refused):
    template = (
        "The engine could not finish ({kind}). The cause is stored with this error, for a report to the maintainers."
    )


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose result is computed before it returns, and that fails with a Custrata error alone.

    A table is returned computed, so that it raises no error later. Other errors are raised unchanged.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = function(*args, **kwargs)
            return result.cache() if isinstance(result, ir.Table) else result
        except Exception as error:
            named = engine_error(error)
            if named is None:
                raise
            raise named from error

    return wrapper


def engine_error(error: BaseException) -> CustrataError | None:
    """The Custrata error for an error of an engine or a disk; `None` for any other error.

    >>> import duckdb
    >>> type(engine_error(duckdb.OutOfRangeException("Overflow in multiplication of INT32"))).__name__
    'NumberTooLarge'
    >>> engine_error(ValueError("not ours")) is None
    True
    """
    if isinstance(error, CustrataError):
        return None
    if (of_disk := storage_error(error)) is not None:
        return of_disk
    if type(error).__module__.partition(".")[0] not in _ENGINES:
        return None
    message = f"{type(error).__name__} {error}".lower()
    for words, named in ((_MEMORY, EngineOutOfMemory), (_LARGE, NumberTooLarge), (_TYPES, UnfitColumn)):
        if any(word in message for word in words):
            return named()
    return EngineFailed(kind=type(error).__name__)
