"""Who may sign in. Only administrators change accounts; everyone of the secretariat may look them up."""

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
        """An address that was changed no longer signs in; whoever becomes staff signs in again, and is told."""
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()
        if change and form.becomes_staff:
            end_sessions(obj, keep=request.session.session_key)
            self._notify(request, obj, "account/email/role_changed", role=obj.role.label)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """As Django's, which ends the person's sessions, and the person is told."""
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == HTTPStatus.FOUND:
            self._notify(request, User.objects.get(pk=id), "account/email/password_set")
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the history names the person. An account is closed by “active”."""
        return False

    def _notify(self, request: HttpRequest, user: User, template_prefix: str, **context: object) -> None:
        """Mail `user` what changed, once it is saved."""
        adapter = get_adapter(request)
        transaction.on_commit(lambda: adapter.send_notification_mail(template_prefix, user, context))
