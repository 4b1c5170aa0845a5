"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.tiers.views import (
    exports,
    overrides,
    past,
    rebuilding,
    runs,
    schemes,
    withdrawing,
)

app_name = "tiers"
urlpatterns = [
    path("", schemes.scheme_list, name="list"),
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
]
