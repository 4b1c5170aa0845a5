"""Which failures of an engine may be over when the same is asked again: those of files, connections and locks.

What fails in a cast, in arithmetic or for want of a column fails on the same input for good.
"""

from __future__ import annotations

import sys

import duckdb

OF_DUCKDB = (duckdb.IOException, duckdb.TransactionException, duckdb.ConnectionException, duckdb.InterruptException)


def is_transient(error: BaseException) -> bool:
    """Whether an error of an engine is one of circumstances.

    >>> is_transient(duckdb.IOException("disk full")), is_transient(duckdb.ConversionException("no number"))
    (True, False)
    """
    spark = sys.modules.get("py4j.protocol")  # there only where Spark was used
    lost = spark is not None and isinstance(error, spark.Py4JNetworkError)
    return lost or isinstance(error, OF_DUCKDB)
