"""Accounts: new ones by e-mail address alone, and focal points by the address too."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import ParticipatingBody, User
from registrations.models.delegate import validate_one_line


def validate_ascii(email: str) -> None:
    """Raises ValidationError for letters that look like others: addresses are compared by their ASCII letters."""
    if not email.isascii():
        raise ValidationError(_("Please write the address with plain letters."), code="not_ascii")


class NewAccountForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """Without a password: the person signs in with an e-mailed code."""

    class Meta:
        model = User
        fields = ["email", "name", "language", "timezone", "is_staff"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        validate_ascii(email)
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(_("Someone with this address has an account already."), code="taken")
        return email

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        user: User = super().save(commit)
        return user


class FocalPointForm(forms.Form):
    """Who shall register for which body. The name and language are for an account made on the way."""

    body = forms.ModelChoiceField(label=gettext_lazy("Country or organisation"), queryset=ParticipatingBody.objects)
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254, validators=[validate_ascii])
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        validators=[validate_one_line],
        help_text=gettext_lazy("Used if this person has no account yet."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES, initial="es")
    is_primary = forms.BooleanField(
        label=gettext_lazy("Primary focal point"),
        required=False,
        help_text=gettext_lazy("The present primary one stays as alternate."),
    )
