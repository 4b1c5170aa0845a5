"""Every address of the server."""

from django.urls import include, path

urlpatterns = [
    path("", include("custrata.web.urls")),
    path("", include("custrata.apps.insights.urls")),
    path("account/", include("custrata.apps.accounts.urls")),
    path("audit/", include("custrata.apps.audit.urls")),
    path("storage/", include("custrata.apps.storage.urls")),
    path("jobs/", include("custrata.apps.jobs.urls")),
    path("customers/", include("custrata.apps.customers.urls")),
    path("tokens/", include("custrata.apps.connect.urls")),
    path("api/", include("custrata.config.api")),
    path("tiers/", include("custrata.apps.tiers.urls")),
    path("", include("custrata.apps.playbooks.urls")),
]

handler400 = "custrata.web.errors.bad_request"
handler403 = "custrata.web.errors.forbidden"
handler404 = "custrata.web.errors.not_found"
handler500 = "custrata.web.errors.broken"
