"""Addresses of the kit."""

from __future__ import annotations

from django.urls import path

from custrata.web import health, metrics, preferences, start

app_name = "web"
urlpatterns = [
    path("health", health.health, name="health"),
    path("ready", health.ready, name="ready"),
    path("metrics", metrics.metrics, name="metrics"),
    path("start/", start.start, name="start"),
    path("language/", preferences.choose_language, name="language"),
    path("theme/", preferences.choose_theme, name="theme"),
]
