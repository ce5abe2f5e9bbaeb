"""URL patterns of calendar files, without a language prefix: calendar programs store these addresses."""

from django.urls import path

from registrations.views.participant.calendar_files import feed, session_ics

app_name = "registrations_files"
urlpatterns = [
    path("my/<str:token>/calendar.ics", feed, name="feed"),
    path("my/<str:token>/sessions/<int:n>.ics", session_ics, name="session-ics"),
]
