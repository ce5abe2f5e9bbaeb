"""Receivers of allauth's signals that end sessions when people change how they sign in; the adapter mails them."""

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.dispatch import receiver
from django.http import HttpRequest

from registrations.models import User
from registrations.permissions import SECOND_FACTORS, record_second_factor_set_up
from registrations.services.account_sessions import end_sessions


@receiver([authenticator_added, authenticator_removed, authenticator_reset])
@receiver([password_changed, password_reset, password_set])
def end_other_sessions(request: HttpRequest, user: User, **kwargs: object) -> None:
    """End every other session of the account, so that whoever uses one must sign in with the new password or factor."""
    end_sessions(user, keep=request.session.session_key)


@receiver(authenticator_added)
def record_enrolment(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: object) -> None:
    """Record in the session that the user set up a second factor, which counts as passing it."""
    if authenticator.type in SECOND_FACTORS:
        record_second_factor_set_up(request, user)
