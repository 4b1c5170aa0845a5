"""URL patterns of the app."""

from __future__ import annotations

from django.urls import path

from custrata.apps.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.job_list, name="list"),
    path("schedule/<slug:kind>/", views.schedule, name="schedule"),
    path("<int:pk>/", views.job_detail, name="job"),
    path("<int:pk>/progress/", views.progress, name="progress"),
    path("<int:pk>/cancel/", views.cancel, name="cancel"),
    path("<int:pk>/retry/", views.retry, name="retry"),
]
