"""What an engine says when it fails, in our words: nobody has to read a database's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import ibis.expr.types as ir

from custrata.engine.storage import of_storage
from custrata.errors import CustrataError, Refused

P = ParamSpec("P")
R = TypeVar("R")

_ENGINES = frozenset({"duckdb", "_duckdb", "pyspark", "py4j", "pyarrow", "ibis"})
_MEMORY = ("out of memory", "outofmemory", "java heap space", "could not allocate", "failed to offload")
_LARGE = ("overflow", "out of range", "conversion error", "could not cast", "arithmetic", "too large", "too small")
_TYPES = ("binder", "no operation", "signaturevalidation", "inputtypeerror", "datatype", "not implemented")


class EngineOutOfMemory(Refused):
    template = (
        "The memory did not suffice. Close other programs, give more with connect(memory_limit=…), or look at fewer "
        "customers at once."
    )


class NumberTooLarge(Refused):
    template = (
        "A number is larger than can be computed with. Amounts may have 15 digits before the point, and a customer "
        "ten million of them; look for rows beyond that."
    )


class UnfitColumn(Refused):
    template = "A column has a type that cannot be computed with here. Give numbers as numbers and dates as dates."


class EngineFailed(Refused):
    template = (
        "The engine could not finish ({kind}). The cause is kept with this error, for a report to the maintainers."
    )


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose result is computed before it returns, and that fails with a Custrata error alone.

    A table comes back computed, so that no error waits in it. What is none of the engine's is left as it is.
    """

    @wraps(function)
    def careful(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            result = function(*args, **kwargs)
            return result.cache() if isinstance(result, ir.Table) else result
        except Exception as error:
            named = of_engine(error)
            if named is None:
                raise
            raise named from error

    return careful


def of_engine(error: BaseException) -> CustrataError | None:
    """The Custrata error that says what an engine's error, or a disk's, means; none where it is neither's.

    >>> import duckdb
    >>> type(of_engine(duckdb.OutOfRangeException("Overflow in multiplication of INT32"))).__name__
    'NumberTooLarge'
    >>> of_engine(ValueError("not ours")) is None
    True
    """
    if isinstance(error, CustrataError):
        return None
    if (of_disk := of_storage(error)) is not None:
        return of_disk
    if type(error).__module__.partition(".")[0] not in _ENGINES:
        return None
    message = f"{type(error).__name__} {error}".lower()
    for words, named in ((_MEMORY, EngineOutOfMemory), (_LARGE, NumberTooLarge), (_TYPES, UnfitColumn)):
        if any(word in message for word in words):
            return named()
    return EngineFailed(kind=type(error).__name__)
