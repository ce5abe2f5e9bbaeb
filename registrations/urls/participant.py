from django.urls import path

from registrations.views.participant import lost_link
from registrations.views.participant.join import join_page
from registrations.views.participant.page import answer_session, participant_page
from registrations.views.participant.preferences import cannot_come_page, preferences_page
from registrations.views.verification import verification_page

urlpatterns = [
    path("verify/<str:code>/", verification_page, name="verify"),
    path("my/", lost_link.lost_link_page, name="lost-link"),
    path("my/asked/", lost_link.lost_link_requested_page, name="lost-link-requested"),
    path("my/<str:token>/", participant_page, name="my"),
    path("my/<str:token>/sessions/<int:n>/answer/", answer_session, name="answer"),
    path("my/<str:token>/cannot-come/", cannot_come_page, name="cannot-come"),
    path("my/<str:token>/language-and-time-zone/", preferences_page, name="preferences"),
    path("my/<str:token>/join/<int:n>/", join_page, name="join"),
]
