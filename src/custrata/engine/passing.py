"""Which errors of an engine are transient and worth a retry: those of files, connections and locks.

Errors of casts, of arithmetic or of missing columns recur on the same input.
"""

from __future__ import annotations

import sys

import duckdb

OF_DUCKDB = (duckdb.IOException, duckdb.TransactionException, duckdb.ConnectionException, duckdb.InterruptException)


def is_transient(error: BaseException) -> bool:
    """Whether an error of an engine is transient.

    >>> is_transient(duckdb.IOException("disk full")), is_transient(duckdb.ConversionException("no number"))
    (True, False)
    """
    spark = sys.modules.get("py4j.protocol")  # there only where Spark was used
    lost = spark is not None and isinstance(error, spark.Py4JNetworkError)
    return lost or isinstance(error, OF_DUCKDB)
