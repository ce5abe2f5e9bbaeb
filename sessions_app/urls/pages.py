"""URL patterns with a language prefix."""

from django.urls import path

from sessions_app.views.public import home, webinar

app_name = "sessions_app"
urlpatterns = [
    path("", home, name="home"),
    path("webinars/<slug:slug>/", webinar, name="webinar"),
]
