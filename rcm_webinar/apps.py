"""The admin site with our front door."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig
from django.core import checks

from rcm_webinar.hosts import https_comes_from_a_proxy
from rcm_webinar.security_txt import contact_is_vouched_for


class AdminConfig(DjangoAdminConfig):
    default_site = "rcm_webinar.admin_site.SecretariatSite"

    def ready(self) -> None:
        super().ready()
        checks.register(https_comes_from_a_proxy)
        checks.register(contact_is_vouched_for)
