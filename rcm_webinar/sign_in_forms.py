"""Allauth's forms of the sign-in, changed so that they do the same work whether an address has an account or not.

An account has one address (`User.email`), so one query finds it.
"""

from typing import Any

from allauth.account.forms import ConfirmLoginCodeForm as AllauthConfirmLoginCodeForm
from allauth.account.forms import RequestLoginCodeForm as AllauthRequestLoginCodeForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.core import context, ratelimit
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from registrations.models import User

# A primary key that no account has.
NO_ACCOUNT_PK = 0


class RequestLoginCodeForm(AllauthRequestLoginCodeForm):  # type: ignore[misc]  # allauth ships no types
    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if not ratelimit.consume(context.request, action="request_login_code", key=email):
            raise ValidationError(
                _(
                    "Too many codes were requested for this address. Please wait a minute, or sign in another way. "
                    "If no code can be requested after that, try again tomorrow."
                ),
                code="rate_limited",
            )
        # Allauth's view reads the user from this attribute.
        self._user = User.objects.active_with_address(email)
        return email


class ResetPasswordForm(AllauthResetPasswordForm):  # type: ignore[misc]  # allauth ships no types
    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        user = User.objects.active_with_address(email)
        # Allauth's `save` reads the users from this attribute.
        self.users = [user] if user else []
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        if not self.users:
            # For an account, allauth makes a token for the link; this takes the same time.
            default_token_generator.make_token(User(pk=NO_ACCOUNT_PK))
        email: str = super().save(request, **kwargs)
        return email


class ConfirmLoginCodeForm(AllauthConfirmLoginCodeForm):  # type: ignore[misc]  # allauth ships no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = True
