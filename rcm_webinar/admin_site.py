"""Django admin, entered through the one sign-in of the product."""

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _


class SecretariatSite(AdminSite):
    site_header = _("RCM webinars: secretariat")
    site_title = _("RCM webinars")
    index_title = _("Secretariat")
    enable_nav_sidebar = True


SecretariatSite.login = secure_admin_login(SecretariatSite.login)  # type: ignore[method-assign]  # allauth's documented way
