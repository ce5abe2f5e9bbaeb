"""App configurations that Django loads at its start: signal receivers, system checks and the admin site."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.core import checks

from rcm_webinar.hosts import check_trusted_proxy_count
from rcm_webinar.security_txt import check_security_contact_expiry


class ProjectConfig(AppConfig):
    name = "rcm_webinar"

    def ready(self) -> None:
        """Connect the receivers of allauth's signals; their module imports models, so it is loaded only now."""
        import_module("rcm_webinar.account_changes")


class AdminConfig(DjangoAdminConfig):
    default_site = "rcm_webinar.admin_site.SecretariatSite"

    def ready(self) -> None:
        super().ready()
        checks.register(check_trusted_proxy_count)
        checks.register(check_security_contact_expiry)
