"""Addresses: the shared pages, both apps by name, the API."""

from django.contrib import admin
from django.urls import include, path

from portal import views, views_alerts, views_devices, views_exam, views_knocks, views_profile

urlpatterns = [
    path("", views.start, name="start"),
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("health/", views.health, name="health"),
    path("health/now/", views.health_now, name="health-now"),
    path("devices/", views_devices.devices, name="devices"),
    path("devices/rows/", views_devices.device_rows, name="device-rows"),
    path("devices/new/", views_devices.device_new, name="device-new"),
    path("devices/knocks/", views_knocks.knocks, name="knocks"),
    path("devices/knocks/<int:knock_id>/admit/", views_knocks.knock_admit, name="knock-admit"),
    path("devices/knocks/<int:knock_id>/forget/", views_knocks.knock_forget, name="knock-forget"),
    path("devices/<int:device_id>/", views_devices.device_edit, name="device-edit"),
    path("devices/<int:device_id>/row/", views_devices.device_row, name="device-row"),
    path("devices/<int:device_id>/test/", views_devices.device_test, name="device-test"),
    path("devices/<int:device_id>/profile/", views_profile.device_profile, name="device-profile"),
    path(
        "devices/<int:device_id>/profile/choose/",
        views_profile.device_profile_choose,
        name="device-profile-choose",
    ),
    path("alerts/", views_alerts.alerts_page, name="alerts"),
    path("alerts/now/", views_alerts.alerts_now, name="alerts-now"),
    path("alerts/<int:alert_id>/settle/", views_alerts.alert_settle, name="alert-settle"),
    path("alerts/hooks/new/", views_alerts.hook_new, name="alert-hook-new"),
    path("alerts/hooks/<int:hook_id>/", views_alerts.hook_edit, name="alert-hook"),
    path("alerts/hooks/<int:hook_id>/test/", views_alerts.hook_test, name="alert-hook-test"),
    path("alerts/hooks/<int:hook_id>/delete/", views_alerts.hook_delete, name="alert-hook-delete"),
    path(
        "alerts/deliveries/<int:delivery_id>/again/",
        views_alerts.delivery_again,
        name="alert-delivery-again",
    ),
    path("exams/<int:step_id>/", views_exam.exam, name="exam"),
    path("exams/<int:step_id>/stages/", views_exam.exam_stages, name="exam-stages"),
    path("exams/<int:step_id>/timeline/", views_exam.exam_timeline, name="exam-timeline"),
    path("menu/<str:url_name>/", views.menu_number, name="menu-count"),
    path("", include("portal.urls_account")),
    path("", include("worklist.urls")),
    path("", include("printing.urls")),
    path("api/v1/", include("portal.urls_api")),
    path("admin/", admin.site.urls),
]
