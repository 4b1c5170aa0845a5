"""Every address of the server. Where patterns of two apps match an address, that of the higher app is it."""

from django.urls import include, path

from custrata.web.manifest import manifests

urlpatterns = [
    path("", include("custrata.web.urls")),
    path("api/", include("custrata.config.api")),
    *(path(app.address, include(f"{app.name}.urls")) for app in reversed(list(manifests())) if app.address is not None),
]

handler400 = "custrata.web.errors.bad_request"
handler403 = "custrata.web.errors.forbidden"
handler404 = "custrata.web.errors.not_found"
handler500 = "custrata.web.errors.broken"
