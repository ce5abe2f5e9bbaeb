"""URL patterns without a language prefix."""

from django.urls import path

from sessions_app.views.public import agenda_ics

app_name = "sessions_app_files"
urlpatterns = [
    path("webinars/<slug:slug>/agenda.ics", agenda_ics, name="agenda-ics"),
]
