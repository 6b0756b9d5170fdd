"""The API: collections of both apps, tokens, schema."""

from importlib import import_module

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from portal import api_schema  # noqa: F401  # registers what the schema says of our tokens
from portal.api_views import NothingThere, TokenView

router = DefaultRouter()
# Named, not imported: the apps stand above the shared ground.
for name in ("portal.api_devices", "worklist.api", "printing.api"):
    for prefix, viewset in import_module(name).COLLECTIONS.items():
        router.register(prefix, viewset, basename=prefix)

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("tokens/", TokenView.as_view(), name="api-token"),
    path("", include(router.urls)),
    re_path("", NothingThere.as_view()),
]
