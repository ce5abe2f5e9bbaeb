"""The URL patterns of the project and of the demo, which exist only with `RCM_DEMO=1`."""

from django.urls import include, path

from rcm_webinar.urls import urlpatterns as without_demo

urlpatterns = [*without_demo, path("demo/", include("rcm_webinar.demo.urls"))]
