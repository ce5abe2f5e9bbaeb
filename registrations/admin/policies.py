"""When countries register, and when participants are reminded."""

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from registrations.forms.policies import PolicyForm
from registrations.models import RegistrationPolicy, ReminderRule
from registrations.services.nudge import nudge_planner
from sessions_app.admin.base import Room

MINUTES_IN_HOUR = 60
MINUTES_IN_DAY = 24 * MINUTES_IN_HOUR


@admin.register(RegistrationPolicy)
class PolicyRoom(Room[RegistrationPolicy]):
    form = PolicyForm
    list_display = ["webinar", "opens_at", "closes_at", "accepts_complete_at_once", "purge_on"]
    list_select_related = ["webinar"]

    def has_delete_permission(self, request: HttpRequest, obj: RegistrationPolicy | None = None) -> bool:
        """Never: every participant's link of the webinar would end with it."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: RegistrationPolicy | None = None) -> list[str]:
        return [] if obj is None else ["webinar"]


@admin.register(ReminderRule)
class ReminderRuleRoom(Room[ReminderRule]):
    list_display = ["lead", "scope", "webinar", "created_at"]
    list_filter = ["webinar"]
    list_select_related = ["webinar"]
    exclude = ["created_at"]

    @admin.display(description=_("before it starts"), ordering="minutes_before")
    def lead(self, rule: ReminderRule) -> str:
        """The lead in the largest unit that divides it."""
        days, rest = divmod(rule.minutes_before, MINUTES_IN_DAY)
        if not rest:
            return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}
        hours, rest = divmod(rule.minutes_before, MINUTES_IN_HOUR)
        if not rest:
            return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
        minutes = rule.minutes_before
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}

    def save_model(
        self, request: HttpRequest, obj: ReminderRule, form: "ModelForm[ReminderRule]", change: bool
    ) -> None:
        """A changed rule is a new one: it reminds nobody of an hour that lies before the change (design §5)."""
        if not change or form.changed_data:
            obj.created_at = timezone.now()
        super().save_model(request, obj, form, change)
        nudge_planner()
