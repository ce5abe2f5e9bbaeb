"""The webinar that a member of the secretariat works on, chosen once for all admin pages."""

from registrations.models import User
from sessions_app.models import Webinar


def choose_webinar(user: User, webinar: Webinar | None) -> None:
    """Store `webinar` as the one that the admin pages of `user` lead to; None shows all webinars again."""
    user.current_webinar = webinar
    user.save(update_fields=["current_webinar"])
