"""Custrata: customer tiering. Tables in, tiers with a reason out.

>>> import custrata as cs
>>> cs.__version__
'0.1.0'
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from custrata.analytics.combined import combined
    from custrata.analytics.ladder_schemes import frequency, high_ticket, price_sensitivity, usage_cycle, value
    from custrata.analytics.lifecycle import LifecycleLines, lifecycle, silence_curve
    from custrata.analytics.loyalty import loyalty
    from custrata.analytics.rfm import rfm
    from custrata.analytics.silence import SilenceCurve
    from custrata.analytics.traits import CATALOGUE, Trait, traits
    from custrata.engine import connect
    from custrata.errors import BadInput, CustrataError, Refused
    from custrata.ingest.mapping import Mapping
    from custrata.ingest.read_file import ReadingWarning, read
    from custrata.pipeline.tables import grade

__version__ = version("custrata")

# What is imported when it is first used: all of it takes two seconds, which `custrata --version` has not.
_MODULES = {
    "BadInput": "custrata.errors",
    "CATALOGUE": "custrata.analytics.traits",
    "CustrataError": "custrata.errors",
    "LifecycleLines": "custrata.analytics.lifecycle",
    "Mapping": "custrata.ingest.mapping",
    "ReadingWarning": "custrata.ingest.read_file",
    "Refused": "custrata.errors",
    "SilenceCurve": "custrata.analytics.silence",
    "Trait": "custrata.analytics.traits",
    "combined": "custrata.analytics.combined",
    "connect": "custrata.engine",
    "frequency": "custrata.analytics.ladder_schemes",
    "grade": "custrata.pipeline.tables",
    "high_ticket": "custrata.analytics.ladder_schemes",
    "lifecycle": "custrata.analytics.lifecycle",
    "loyalty": "custrata.analytics.loyalty",
    "price_sensitivity": "custrata.analytics.ladder_schemes",
    "read": "custrata.ingest.read_file",
    "rfm": "custrata.analytics.rfm",
    "silence_curve": "custrata.analytics.lifecycle",
    "traits": "custrata.analytics.traits",
    "usage_cycle": "custrata.analytics.ladder_schemes",
    "value": "custrata.analytics.ladder_schemes",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'custrata' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_MODULES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "CATALOGUE",
    "BadInput",
    "CustrataError",
    "LifecycleLines",
    "Mapping",
    "ReadingWarning",
    "Refused",
    "SilenceCurve",
    "Trait",
    "__version__",
    "combined",
    "connect",
    "frequency",
    "grade",
    "high_ticket",
    "lifecycle",
    "loyalty",
    "price_sensitivity",
    "read",
    "rfm",
    "silence_curve",
    "traits",
    "usage_cycle",
    "value",
]
