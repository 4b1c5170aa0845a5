"""The application that a WSGI server runs."""

import os

from django.core.wsgi import get_wsgi_application

from custrata.pipeline.reading.connection import warm_up
from custrata.web.manifest import function, manifests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
application = get_wsgi_application()
# Preloaded at startup, so that the first request does not wait for it.
for preload in (name for app in manifests() for name in app.preloads):
    function(preload)()
warm_up()
