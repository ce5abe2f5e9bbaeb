"""The sessions in which an account is signed in."""

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession

from registrations.models import User


def end_sessions(user: User, *, keep: str | None = None) -> None:
    """Sign `user` out everywhere but in the session whose key is `keep`. A second call changes nothing."""
    get_adapter().end_sessions(UserSession.objects.filter(user=user).exclude(session_key=keep or ""))
