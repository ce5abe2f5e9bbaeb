"""Texts of allauth whose own Spanish translation is too informal for officials.

`makemessages` collects them into our catalogue, and Django reads that before allauth's.
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

ALLAUTH_TEXTS = (
    _("Are you sure you want to remove this security key?"),
    _("Be patient, you are sending too many requests."),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
)

ALLAUTH_PLURAL_TEXT = ngettext_lazy(
    "You have added %(count)s security key.", "You have added %(count)s security keys.", "count"
)
