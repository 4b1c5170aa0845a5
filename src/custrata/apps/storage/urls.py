"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.storage import views

app_name = "storage"
urlpatterns = [
    path("", views.disk, name="disk"),
    path("compact/", views.compact, name="compact"),
]
