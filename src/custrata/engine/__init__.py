"""The engines: DuckDB in this process, or Apache Spark. No other package depends on either."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import cast

import ibis.expr.types as ir

from custrata.engine.base import Engine
from custrata.engine.duck import DuckEngine
from custrata.engine.memory import BadMemoryLimit, memory_in_bytes
from custrata.engine.spark_options import BadSparkOption, options_in, options_of
from custrata.errors import BadInput

__all__ = [
    "BadMemoryLimit",
    "BadSparkOption",
    "DuckEngine",
    "Engine",
    "EngineMissing",
    "UnknownEngine",
    "connect",
    "memory_in_bytes",
    "options_in",
    "options_of",
    "prepare",
]


class UnknownEngine(BadInput):
    template = "There is no engine “{engine}”. The engines are duckdb and spark."


class EngineMissing(BadInput):
    template = "The Spark engine needs the extra “spark” (pip install 'custrata[spark]') and a Java runtime: {reason}"


def connect(
    engine: str = "duckdb",
    *,
    threads: int | None = None,
    memory_limit: str | None = None,
    scratch: Path | str | None = None,
    spark_options: Mapping[str, str] | None = None,
) -> Engine:
    """Open an engine.

    Parameters: `engine` is `duckdb` (default) or `spark`; `threads` the number of cores to use (default all);
    `memory_limit` a size such as `"4GB"` or a share of the machine such as `"50%"` (default: the engine's own), beyond
    which intermediate results go to disk; `scratch` the folder they go to (default: the system's); `spark_options`
    Spark's own settings, such as `{"spark.master": "spark://host:7077"}`; on a cluster all its workers must see
    `scratch`, and the files that are read.

    Raises `UnknownEngine`, `EngineMissing`, `BadMemoryLimit`; of Spark `SparkNotStarted`,
    `SparkConnectRefused`, `OtherSparkSession`, and on a cluster `SharedFolderMissing`, `NoSparkWorkers`,
    `FolderNotShared`.

    >>> with connect(threads=1) as duck:
    ...     duck.name
    'duckdb'
    """
    if engine == "duckdb":
        return DuckEngine(threads=threads, memory_limit=memory_limit, scratch=scratch)
    if engine != "spark":
        raise UnknownEngine(engine=engine)
    try:
        from custrata.engine.spark import SparkEngine  # an extra: it may be missing
    except ImportError as error:
        raise EngineMissing(reason=str(error)) from error
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise EngineMissing(reason="java: command not found")
    return SparkEngine(threads=threads, memory_limit=memory_limit, scratch=scratch, options=spark_options)


def prepare(table: ir.Table) -> ir.Table:
    """A table of the user's own, its engine taught our operations and its instants known as such."""
    if any(backend.name == "pyspark" for backend in table._find_backends()[0]):
        return cast(ir.Table, import_module("custrata.engine.spark").with_instants(table))
    return table
