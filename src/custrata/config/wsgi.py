"""The application that a WSGI server runs."""

import os

from django.core.wsgi import get_wsgi_application

from custrata.pipeline.reading.connection import warm_up
from custrata.tiering.playbooks import playbooks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
application = get_wsgi_application()
# Preloaded at startup, so that the first request does not wait for it.
playbooks()
warm_up()
