"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.audit import views

app_name = "audit"
urlpatterns = [
    path("", views.changes_list, name="list"),
    path("export/", views.export, name="export"),
]
