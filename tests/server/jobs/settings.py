"""The server's settings with the trial app, for processes that tests start."""

import os

from custrata.config.settings import *  # noqa: F403  # settings are taken over whole
from custrata.config.settings import INSTALLED_APPS as OURS

INSTALLED_APPS = [*OURS, "tests.server.jobs.trials"]
ROOT_URLCONF = os.environ.get("TRIAL_ADDRESSES", "custrata.config.urls")
