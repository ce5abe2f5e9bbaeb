"""The browser sessions in which an account is signed in."""

from allauth.usersessions.adapter import get_adapter
from allauth.usersessions.models import UserSession

from registrations.models import User


def end_sessions(user: User, *, keep: str | None = None) -> None:
    """Sign `user` out of every session except the one with the key `keep`. A second call changes nothing."""
    get_adapter().end_sessions(UserSession.objects.filter(user=user).exclude(session_key=keep or ""))
