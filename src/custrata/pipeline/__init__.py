"""The refresh: from the facts of a workspace to one published run."""

from custrata.pipeline.rebuild import Rebuilt, rebuild
from custrata.pipeline.refresh import Refreshed, refresh
from custrata.pipeline.verifying import Verified, verify
from custrata.pipeline.withdrawal import WithdrawnRun, withdraw

__all__ = ["Rebuilt", "Refreshed", "Verified", "WithdrawnRun", "rebuild", "refresh", "verify", "withdraw"]
