"""Forms that add and change accounts, and appoint focal points by e-mail address."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.forms import UserChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import ParticipatingBody, User, UserRole
from registrations.models.delegate import validate_one_line
from sessions_app.addresses import validate_mail_address
from sessions_app.forms import disable_autofill
from sessions_app.invisible import validate_visible


def validate_ascii(email: str) -> None:
    """Raise ValidationError for an address with letters outside ASCII, which can look like other letters."""
    if not email.isascii():
        raise ValidationError(_("Please write the address with plain letters."), code="not_ascii")


def role_field() -> forms.ChoiceField:
    """Build the field that chooses the role of an account."""
    return forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=UserRole.choices,
        initial=UserRole.NONE,
        help_text=gettext_lazy(
            "Observers read boards, lists, agendas and attendance without addresses and telephones, and change "
            "nothing. The secretariat does everything but manage accounts. Administrators manage accounts too."
        ),
    )


class NewAccountForm(forms.ModelForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """A new account. It gets no password: its user signs in with a code sent by e-mail."""

    role = role_field()

    class Meta:
        model = User
        fields = ["email", "name", "language", "timezone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        disable_autofill(self.fields)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        validate_ascii(email)
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(
                _("Someone with this address has an account already. Change that account, or enter another address."),
                code="taken",
            )
        return email

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        self.instance.role = UserRole(self.cleaned_data["role"])
        user: User = super().save(commit)
        return user


class AccountForm(UserChangeForm):  # type: ignore[type-arg]  # takes no parameter at run time
    """An account with its role. The last active administrator cannot be demoted or closed."""

    role = role_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        disable_autofill(self.fields)
        # The admin leaves out the fields that the user may not change.
        if "role" in self.fields:
            self.fields["role"].initial = self.instance.role
        self.was_staff = self.instance.is_staff
        self.was_administrator = self.instance.is_active and self.instance.role == UserRole.ADMINISTRATOR

    def clean(self) -> None:
        super().clean()
        role, is_active = self.cleaned_data.get("role"), self.cleaned_data.get("is_active")
        remains_administrator = role == UserRole.ADMINISTRATOR and is_active
        others = User.objects.filter(is_staff=True, is_superuser=True, is_active=True).exclude(pk=self.instance.pk)
        if self.was_administrator and role and not remains_administrator and not others.exists():
            raise ValidationError(
                _("This is the last administrator. Appoint another one first."), code="last_administrator"
            )
        if role:
            self.instance.role = UserRole(role)

    @property
    def becomes_staff(self) -> bool:
        """Return whether saving makes the account a staff account."""
        return self.instance.is_staff and not self.was_staff


class FocalPointForm(forms.Form):
    """Appoints a focal point of a body; name and language are used if the address has no account yet."""

    body = forms.ModelChoiceField(label=gettext_lazy("Country or organisation"), queryset=ParticipatingBody.objects)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, validators=[validate_ascii, validate_mail_address]
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        validators=[validate_one_line, validate_visible],
        help_text=gettext_lazy("Used if this person has no account yet."),
    )
    language = forms.ChoiceField(label=gettext_lazy("Language"), choices=settings.LANGUAGES, initial="es")
    is_primary = forms.BooleanField(
        label=gettext_lazy("Primary focal point"),
        required=False,
        help_text=gettext_lazy("The present primary one stays as alternate."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        disable_autofill(self.fields)
