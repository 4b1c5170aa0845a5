"""The options of commands that compute on either engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import click

from custrata.engine import Engine, options_of
from custrata.errors import BadInput
from custrata.lake import Workspace

SPARK = "spark"


class OnlyForSpark(BadInput):
    template = "--master and --spark-option are for Spark. Add --engine spark."


@dataclass(frozen=True)
class EngineChoice:
    """An engine by name, and Spark's settings that come before those of the workspace."""

    name: str
    options: Mapping[str, str]

    def open(self, workspace: Workspace) -> AbstractContextManager[Engine]:
        """The engine, for a workspace."""
        return workspace.engine(self.name, spark_options=self.options)


def engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--engine`, `--master` and `--spark-option`, and hand it an `EngineChoice` as `chosen_engine`."""

    @click.option("--engine", "engine_name", default="duckdb", show_default=True, help="duckdb or spark.")
    @click.option("--master", default=None, metavar="ADDRESS",
                  help="The master of a Spark cluster, such as spark://HOST:7077, yarn or k8s://HOST:PORT "
                       "(default: the workspace's, else this machine).")  # fmt: skip
    @click.option("--spark-option", "options", multiple=True, metavar="KEY=VALUE",
                  help="A setting of Spark, such as spark.executor.memory=4g. Can be repeated.")  # fmt: skip
    @wraps(command)
    def with_engine(
        *arguments: Any, engine_name: str, master: str | None, options: tuple[str, ...], **others: Any
    ) -> None:
        settings = options_of(options)
        if master is not None:
            settings |= options_of([f"spark.master={master}"])
        if settings and engine_name != SPARK:
            raise OnlyForSpark()
        command(*arguments, chosen_engine=EngineChoice(engine_name, settings), **others)

    return with_engine
