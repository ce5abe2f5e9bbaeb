"""Admin of participating bodies (countries and organisations) and of participant profiles."""

from django.contrib import admin

from registrations.forms.bodies import BodyForm
from registrations.models import ParticipantProfile, ParticipatingBody
from sessions_app.admin.base import SecretariatAdmin


@admin.register(ParticipatingBody)
class BodyAdmin(SecretariatAdmin[ParticipatingBody]):
    form = BodyForm
    list_display = ["__str__", "kind", "iso_code", "default_language"]
    list_filter = ["kind"]
    search_fields = ["name_en", "name_es", "iso_code", "slug"]
    prepopulated_fields = {"slug": ["name_en"]}


@admin.register(ParticipantProfile)
class ProfileAdmin(SecretariatAdmin[ParticipantProfile]):
    list_display = ["__str__", "code", "position"]
    prepopulated_fields = {"code": ["name_en"]}
