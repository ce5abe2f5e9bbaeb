"""Allauth's stage of a sign-in in which the person enters the mailed code."""

from typing import Any

from allauth.account.stages import LoginByCodeStage as AllauthLoginByCodeStage
from django.http import HttpRequest
from django.urls import reverse

from rcm_webinar.sign_in_forms import NO_ACCOUNT_PK
from registrations.models import User


class LoginByCodeStage(AllauthLoginByCodeStage):  # type: ignore[misc]  # allauth ships no types
    """Runs as many queries for an address without an account as for one with, and lets people request another code."""

    def __init__(self, controller: Any, request: HttpRequest, login: Any) -> None:
        super().__init__(controller, request, login)
        if login.user is None:
            # If there is an account, allauth has queried it by now; this query takes the same time.
            User.objects.filter(pk=NO_ACCOUNT_PK).first()

    def is_resumable(self, request: HttpRequest) -> bool:
        """Whether allauth redirects `request` to the page of the code; not if it requests another code."""
        return request.path != reverse("account_request_login_code")
