"""URL patterns of calendar files, without a language prefix: calendar programs store these addresses."""

from django.urls import path

from registrations.views.participant.calendar_files import calendar_feed, session_file

app_name = "registrations_files"
urlpatterns = [
    path("my/<str:token>/calendar.ics", calendar_feed, name="feed"),
    path("my/<str:token>/sessions/<int:n>.ics", session_file, name="session-ics"),
]
