"""Settings of Spark as people write them: in options of a command and in the file of a workspace."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from custrata.errors import BadInput

MASTER, PREFIX = "spark.master", "spark."
LOCAL = "local"


class BadSparkOption(BadInput):
    template = (
        "“{option}” is not a Spark option. Write it as KEY=VALUE with a key that begins with “spark.”, such as "
        "spark.executor.memory=4g."
    )


def options_of(texts: Iterable[str]) -> dict[str, str]:
    """Spark's settings from texts `KEY=VALUE`. Raises `BadSparkOption`.

    >>> options_of(["spark.executor.memory=4g", "spark.driver.extraJavaOptions=-Da=b"])
    {'spark.executor.memory': '4g', 'spark.driver.extraJavaOptions': '-Da=b'}
    """
    options = {}
    for text in texts:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not (equals and value and is_option(key)):
            raise BadSparkOption(option=text)
        options[key] = value
    return options


def is_option(key: str) -> bool:
    """Whether a text can be the key of a Spark setting.

    >>> is_option("spark.executor.memory"), is_option("executor.memory"), is_option("spark.")
    (True, False, False)
    """
    return key.startswith(PREFIX) and len(key) > len(PREFIX) and not any(character.isspace() for character in key)


def options_in(table: Mapping[str, Any]) -> dict[str, str]:
    """Spark's settings from the table `spark` of a TOML file. Raises `BadSparkOption`.

    >>> options_in({"master": "yarn", "executor": {"memory": "4g", "cores": 2}})
    {'spark.master': 'yarn', 'spark.executor.memory': '4g', 'spark.executor.cores': '2'}
    >>> options_in({"speculation": True, "speculation.interval": "1s"})  # TOML allows both with the dot in quotes
    {'spark.speculation': 'true', 'spark.speculation.interval': '1s'}
    """
    return options_of(f"{key}={value}" for key, value in _flat(table, PREFIX))


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, bool | str | int | float):
            yield f"{prefix}{key}", str(value).lower() if isinstance(value, bool) else str(value)
        else:
            raise BadSparkOption(option=f"{prefix}{key}={value}")


def is_cluster(options: Mapping[str, str]) -> bool:
    """Whether the options name a master that is not this process."""
    return not options.get(MASTER, LOCAL).startswith(LOCAL)
