"""Custrata: customer tiering. Tables in, tiers with a reason out.

>>> import custrata as cs
>>> cs.__version__
'0.1.0'
"""

from importlib.metadata import version

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
