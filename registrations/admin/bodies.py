"""Admin of participating bodies (countries and organisations) and of participant profiles."""

from functools import partial

from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils import timezone

from registrations.admin.countries import (
    MAX_LOOK_AGAIN,
    countries_page,
    country_page,
    end_look_again_page,
    take_over_page,
)
from registrations.forms.bodies import BodyForm
from registrations.models import ParticipantProfile, ParticipatingBody
from registrations.queries.country import look_again_notes
from sessions_app.admin.base import SecretariatAdmin


@admin.register(ParticipatingBody)
class BodyAdmin(SecretariatAdmin[ParticipatingBody]):
    form = BodyForm
    list_display = ["__str__", "kind", "iso_code", "default_language"]
    list_filter = ["kind"]
    search_fields = ["name_en", "name_es", "iso_code", "slug"]
    prepopulated_fields = {"slug": ["name_en"]}

    def root_urls(self) -> list[URLPattern]:
        """Return the URL patterns of `/admin/countries/`: the pages of all countries and of one."""
        view, site = self.admin_site.admin_view, self.admin_site
        return [
            path("countries/", view(partial(countries_page, site)), name="countries"),
            path("countries/<slug:slug>/", view(partial(country_page, site)), name="country"),
            path("countries/notes/<int:pk>/done/", view(end_look_again_page), name="end-look-again"),
            path("countries/delegations/<int:pk>/take-over/", view(take_over_page), name="take-over-delegation"),
        ]

    def dashboard_context(self, request: HttpRequest) -> dict[str, object]:
        """Return the notes whose date to look again has come, for Today."""
        now = timezone.now()
        notes = look_again_notes(today=timezone.localdate(now), now=now)
        return {"look_again": notes[:MAX_LOOK_AGAIN], "look_again_count": len(notes)}


@admin.register(ParticipantProfile)
class ProfileAdmin(SecretariatAdmin[ParticipantProfile]):
    list_display = ["__str__", "code", "position"]
    prepopulated_fields = {"code": ["name_en"]}
