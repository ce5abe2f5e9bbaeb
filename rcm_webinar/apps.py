"""What the project does at Django's start: the checks of our settings, and the admin site with our front door."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.core import checks

from rcm_webinar.hosts import https_comes_from_a_proxy
from rcm_webinar.security_txt import contact_is_vouched_for


class ProjectConfig(AppConfig):
    name = "rcm_webinar"

    def ready(self) -> None:
        """Connect the receivers of allauth's signals, which need the models."""
        import_module("rcm_webinar.account_changes")


class AdminConfig(DjangoAdminConfig):
    default_site = "rcm_webinar.admin_site.SecretariatSite"

    def ready(self) -> None:
        super().ready()
        checks.register(https_comes_from_a_proxy)
        checks.register(contact_is_vouched_for)
