"""The application that a WSGI server runs."""

import os

from django.core.wsgi import get_wsgi_application

from custrata.pipeline.reading.connection import begin_serving
from custrata.web.manifest import function, manifests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "custrata.config.settings")
application = get_wsgi_application()
# Done as the process begins, so that the first who asks for a page need not wait for it.
for preload in (name for app in manifests() for name in app.preloads):
    function(preload)()
begin_serving()
