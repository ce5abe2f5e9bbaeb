"""Allauth's stage of a sign-in in which somebody waits for a code."""

from typing import Any

from allauth.account.stages import LoginByCodeStage as AllauthLoginByCodeStage
from django.http import HttpRequest
from django.urls import reverse

from rcm_webinar.sign_in_forms import NO_ACCOUNT_PK
from registrations.models import User


class LoginByCodeStage(AllauthLoginByCodeStage):  # type: ignore[misc]  # allauth ships no types
    """Takes as many statements for an address without an account, and lets people ask for another code."""

    def __init__(self, controller: Any, request: HttpRequest, login: Any) -> None:
        super().__init__(controller, request, login)
        if login.user is None:
            # Where there is an account, allauth has read it by now.
            User.objects.filter(pk=NO_ACCOUNT_PK).first()

    def is_resumable(self, request: HttpRequest) -> bool:
        """Whether `request` is led to the page on which the code is entered, away from its own."""
        return request.path != reverse("account_request_login_code")
