"""Allauth's forms of a passkey, whose field has a label in English alone."""

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.utils.translation import gettext_lazy as _


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    # Empty, it gets a name: by then the key has been made.
    name = forms.CharField(label=_("Name"), required=False)


class EditPasskeyForm(EditWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    name = forms.CharField(label=_("Name"))
