from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from sessions_app.participants import set_participants


class RegistrationsConfig(AppConfig):
    name = "registrations"
    verbose_name = _("Delegations")

    def ready(self) -> None:
        """Provide the agenda with what it asks about participants; the class needs the models, so it is named."""
        set_participants(import_string("registrations.services.agenda_participants.RegisteredParticipants")())
