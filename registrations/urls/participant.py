from django.urls import path

from registrations.views.participant import lost_link
from registrations.views.participant.join import join
from registrations.views.participant.page import answer, participant_page
from registrations.views.participant.preferences import cannot_come, preferences

urlpatterns = [
    path("my/", lost_link.lost_link, name="lost-link"),
    path("my/asked/", lost_link.lost_link_requested, name="lost-link-requested"),
    path("my/<str:token>/", participant_page, name="my"),
    path("my/<str:token>/sessions/<int:n>/answer/", answer, name="answer"),
    path("my/<str:token>/cannot-come/", cannot_come, name="cannot-come"),
    path("my/<str:token>/language-and-time-zone/", preferences, name="preferences"),
    path("my/<str:token>/join/<int:n>/", join, name="join"),
]
