"""Texts of allauth that its own Spanish says too familiarly for officials. Named here, they stand in our catalogue,
which comes before allauth's."""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

BORROWED = (
    _("Are you sure you want to remove this security key?"),
    _("Be patient, you are sending too many requests."),
    _("You cannot generate recovery codes without having two-factor authentication enabled."),
)

BORROWED_PLURAL = ngettext_lazy(
    "You have added %(count)s security key.", "You have added %(count)s security keys.", "count"
)
