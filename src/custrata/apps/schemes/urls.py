"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.schemes.views import drafts, simulating, versions, wizard

app_name = "schemes"
urlpatterns = [
    path("new/", wizard.new, name="new"),
    path("new/begin/", wizard.create, name="begin"),
    path("<str:key>/edit/", drafts.edit, name="edit"),
    path("<str:key>/edit/save/", drafts.save, name="save"),
    path("<str:key>/edit/preview/", drafts.preview, name="preview"),
    path("<str:key>/edit/discard/", drafts.discard, name="discard"),
    path("<str:key>/copy/", drafts.copy, name="copy"),
    path("<str:key>/steps/<str:step>/", wizard.step, name="step"),
    path("<str:key>/simulate/", simulating.simulate, name="simulate"),
    path("<str:key>/publish/", simulating.publish, name="publish"),
    path("<str:key>/versions/", versions.versions, name="versions"),
    path("<str:key>/versions/<int:number>/", versions.version, name="version"),
    path("<str:key>/versions/<int:number>/again/", versions.republish, name="again"),
    path("<str:key>/retire/", versions.retire, name="retire"),
    path("<str:key>/restore/", versions.restore, name="restore"),
]
