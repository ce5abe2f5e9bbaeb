"""Which of several webinars a person of the secretariat works on: a choice of their account, for every page."""

from registrations.models import User
from sessions_app.models import Webinar


def choose_webinar(user: User, webinar: Webinar | None) -> None:
    """Lead `user` to `webinar` from the head of every page of the secretariat; None leads to all of them again."""
    user.current_webinar = webinar
    user.save(update_fields=["current_webinar"])
