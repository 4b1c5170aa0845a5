"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.insights import views

app_name = "insights"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("scheme/", views.choose_scheme, name="choose_scheme"),
]
