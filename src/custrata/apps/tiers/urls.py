"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.tiers.views import (
    drafts,
    exports,
    overrides,
    past,
    rebuilding,
    runs,
    schemes,
    simulating,
    versions,
    withdrawing,
    wizard,
)

app_name = "tiers"
urlpatterns = [
    path("", schemes.scheme_list, name="list"),
    path("new/", wizard.new, name="new"),
    path("new/begin/", wizard.create, name="begin"),
    path("rfm/map/", schemes.rfm_map, name="rfm_map"),
    path("runs/", runs.run_list, name="runs"),
    path("runs/compare/", runs.compare, name="compare"),
    path("runs/refresh/", runs.refresh, name="refresh"),
    path("runs/rebuild/", rebuilding.rebuild, name="rebuild"),
    path("runs/<str:run_id>/", runs.one_run, name="run"),
    path("runs/<str:run_id>/withdraw/", withdrawing.withdraw, name="withdraw"),
    path("runs/<str:run_id>/corrections/", past.corrections, name="corrections"),
    path("<str:key>/", schemes.one_scheme, name="scheme"),
    path("<str:key>/rings/", schemes.rings, name="rings"),
    path("<str:key>/history/", past.history, name="history"),
    path("<str:key>/export/", exports.export, name="export"),
    path("<str:key>/by-hand/<path:customer_id>/", overrides.edit_override, name="by_hand"),
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
