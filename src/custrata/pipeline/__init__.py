"""The refresh: from the facts of a workspace to one published run."""

from custrata.pipeline.rebuild import Rebuilt, rebuild
from custrata.pipeline.refresh import Refreshed, refresh

__all__ = ["Rebuilt", "Refreshed", "rebuild", "refresh"]
