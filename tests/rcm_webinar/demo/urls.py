"""The product's addresses with those of the demo, which exist with `RCM_DEMO=1` alone."""

from django.urls import include, path

from rcm_webinar.urls import urlpatterns as without_demo

urlpatterns = [*without_demo, path("demo/", include("rcm_webinar.demo.urls"))]
