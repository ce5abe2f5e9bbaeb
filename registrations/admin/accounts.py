"""Admin of accounts: administrators change them, all staff may read them."""

from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from registrations.forms.accounts import AccountForm, NewAccountForm
from registrations.models import User
from registrations.services.account_sessions import end_sessions
from sessions_app.admin.base import SecretariatAdmin


@admin.register(User)
class AccountAdmin(SecretariatAdmin[User], UserAdmin):  # type: ignore[type-arg]  # takes its model at type-checking time only
    """Accounts: who may sign in, and in which role."""

    form = AccountForm
    add_form = NewAccountForm
    list_display = ["email", "name", "role", "is_active", "last_login"]
    list_filter = ["is_staff", "is_observer", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    filter_horizontal = []
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        (_("Person"), {"fields": ["name", "language", "timezone"]}),
        (_("Permissions"), {"fields": ["is_active", "role"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"classes": ["wide"], "fields": ["email", "name", "language", "timezone", "role"]})]

    @admin.display(description=_("role"))
    def role(self, user: User) -> str:
        return str(user.role.label)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save the account, and remove its earlier addresses, so that they no longer sign in.

        An account that becomes staff loses its other sessions and is notified by mail.
        """
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()
        if change and form.becomes_staff:
            end_sessions(obj, keep=request.session.session_key)
            self._notify(request, obj, "account/email/role_changed", role=obj.role.label)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Change the password as Django does, which ends the user's sessions, and notify the user by mail."""
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            self._notify(request, User.objects.get(pk=id), "account/email/password_set")
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: the history refers to accounts. Unticking “active” closes one."""
        return False

    def _notify(self, request: HttpRequest, user: User, template_prefix: str, **context: object) -> None:
        """Send `user` a notification mail after the transaction commits."""
        adapter = get_adapter(request)
        transaction.on_commit(lambda: adapter.send_notification_mail(template_prefix, user, context))
