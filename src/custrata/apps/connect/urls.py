"""Addresses of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.connect import views

app_name = "connect"
urlpatterns = [
    path("", views.token_list, name="tokens"),
    path("<int:number>/revoke/", views.revoke, name="revoke"),
]
