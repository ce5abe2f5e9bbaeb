"""The admin site with our front door."""

from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class AdminConfig(DjangoAdminConfig):
    default_site = "rcm_webinar.admin_site.SecretariatSite"
