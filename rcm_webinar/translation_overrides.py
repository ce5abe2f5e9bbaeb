"""Texts of libraries whose own Spanish translation is missing, or too informal for officials.

`makemessages` collects them into our catalogue, and Django reads that before those of the libraries.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

ALLAUTH_TEXTS = (
    _("Are you sure you want to remove this security key?"),
    _("Be patient, you are sending too many requests."),
    _("Successfully signed in as %(name)s."),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
)

ALLAUTH_PLURAL_TEXT = ngettext_lazy(
    "You have added %(count)s security key.", "You have added %(count)s security keys.", "count"
)

# Of the admin of Django 6.1, which has no Spanish for them yet.
ADMIN_TEXTS = (
    _("- Select an option -"),
    _("Run"),
    _("Logout"),
    _("Pagination %(name)s"),
    _("Pagination %(name)s entries"),
    _("Filter by %(field_name)s"),
    _(
        "Deleting the %(object_name)s “%(escaped_object)s” would require deleting the following protected "
        "related objects:"
    ),
    _(
        "Are you sure you want to delete the %(object_name)s “%(escaped_object)s”? All of the following related items "
        "will be deleted:"
    ),
    _("Deleting the selected %(objects_name)s would require deleting the following protected related objects:"),
    _(
        "Are you sure you want to delete the selected %(objects_name)s? All of the following objects and their related "
        "items will be deleted:"
    ),
)
