"""Addresses: the shared pages, both apps by name, the API."""

from django.contrib import admin
from django.urls import include, path

from portal import views

urlpatterns = [
    path("", views.start, name="start"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("health/", views.health, name="health"),
    path("exams/<int:step_id>/", views.exam, name="exam"),
    path("", include("portal.urls_account")),
    path("", include("worklist.urls")),
    path("", include("printing.urls")),
    path("api/v1/", include("portal.urls_api")),
    path("admin/", admin.site.urls),
]
