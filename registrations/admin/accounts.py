"""Who may sign in. Only administrators change accounts; everyone of the secretariat may look them up."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from registrations.forms.accounts import AccountForm, NewAccountForm
from registrations.models import User
from sessions_app.admin.base import Room


@admin.register(User)
class AccountRoom(Room[User], UserAdmin):  # type: ignore[type-arg]  # takes its model at type-checking time only
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
        """An address that was changed no longer signs in."""
        super().save_model(request, obj, form, change)
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: the history names the person. An account is closed by “active”."""
        return False
