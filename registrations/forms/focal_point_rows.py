"""The forms that appoint many focal points: pasted lines, and the rows read from them, which can be corrected."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from babel import Locale
from django import forms
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.exceptions import UnreadableTable
from registrations.forms.accounts import validate_ascii
from registrations.models import FocalPoint, ParticipatingBody, User
from registrations.models.delegate import validate_one_line
from registrations.services.focal_points import NewFocalPoint, reason_against
from registrations.services.imports.csv_text import read_text
from registrations.services.imports.normalising import normalised
from registrations.services.imports.people import LANGUAGE_WORDS
from sessions_app.addresses import validate_mail_address
from sessions_app.bilingual import LANGUAGES
from sessions_app.forms import disable_autofill
from sessions_app.invisible import validate_visible
from sessions_app.models import Webinar

MAX_ROWS = 200
MAX_TEXT_LENGTH = 60_000
COLUMNS = ("country", "name", "email", "language")
HEADINGS_OF_COUNTRIES = ("country", "pais")


class PastedLinesForm(forms.Form):
    """A text with one focal point on each line."""

    text = forms.CharField(
        label=gettext_lazy("Country; name; address; language"),
        max_length=MAX_TEXT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60, "autocomplete": "off"}),
        help_text=gettext_lazy(
            "One person on each line, or rows copied from a spreadsheet. The language can be left out: it is then that "
            "of the country."
        ),
    )

    def rows(self, webinar: Webinar) -> Any:
        """Return the lines as bound `FocalPointRows`, or None with an error where they are no table."""
        try:
            lines = [line for line in read_text(self.cleaned_data["text"]).rows if line]
        except UnreadableTable as unreadable:
            self.add_error("text", str(unreadable.message))
            return None
        if normalised(lines[0][0]) in HEADINGS_OF_COUNTRIES:
            lines = lines[1:]
        if not 0 < len(lines) <= MAX_ROWS:
            self.add_error("text", _("Paste from 1 to %(most)s lines at once.") % {"most": MAX_ROWS})
            return None
        # What stands to the right of the four columns is shown with the language, so that nothing is lost.
        cells = [[*line[:3], " ".join(line[3:])] for line in lines]
        return focal_point_rows([dict(zip(COLUMNS, row, strict=False)) for row in cells], webinar)


class FocalPointRow(forms.Form):
    """One person, in the row with this `number`; `is_appointed_already` says whether `body` has them."""

    country = forms.CharField(label=gettext_lazy("Country"), max_length=200)
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, validators=[validate_one_line, validate_visible]
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), max_length=254, validators=[validate_ascii, validate_mail_address]
    )
    language = forms.CharField(label=gettext_lazy("Language"), max_length=200, required=False)
    number = 0
    is_appointed_already = False

    def __init__(self, *args: Any, bodies: Mapping[str, ParticipatingBody], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bodies = bodies
        disable_autofill(self.fields)

    def clean_country(self) -> str:
        country: str = self.cleaned_data["country"]
        if normalised(country) not in self.bodies:
            raise forms.ValidationError(
                _("No country or organisation of this webinar is called “%(name)s”.") % {"name": country}
            )
        return country

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()

    def clean_language(self) -> str:
        word: str = self.cleaned_data["language"]
        if not word:
            return ""
        if normalised(word) not in LANGUAGE_WORDS:
            raise forms.ValidationError(_("Please write one of these: %(words)s.") % {"words": _("Spanish, English")})
        return LANGUAGE_WORDS[normalised(word)]

    @property
    def body(self) -> ParticipatingBody | None:
        """The body that the row names, if it names one."""
        return self.bodies.get(normalised(self.cleaned_data.get("country", "")))

    @property
    def texts(self) -> dict[str, str]:
        """What was typed into the row, by column."""
        return {name: str(self[name].value() or "") for name in COLUMNS}

    @property
    def person(self) -> NewFocalPoint | None:
        """The focal point to appoint; None for a row that is wrong or empty, or whose person is one already."""
        body = self.body
        if self.errors or body is None or self.is_appointed_already:
            return None
        data = self.cleaned_data
        return NewFocalPoint(body, data["email"], data["name"], data["language"] or body.default_language)


class _FocalPointRows(forms.BaseFormSet):  # type: ignore[type-arg]  # takes no parameter at run time
    @property
    def valid_rows(self) -> list[FocalPointRow]:
        """The rows whose people can be appointed."""
        self.is_valid()
        return [row for row in self.forms if row.person is not None]

    @property
    def inlines(self) -> list[SimpleNamespace]:
        """What the error summary reads of the rows (`form_errors`)."""
        return [SimpleNamespace(formset=self, opts=SimpleNamespace(verbose_name_plural=_("Rows")))]

    @property
    def invalid_rows(self) -> list[FocalPointRow]:
        """The rows with errors."""
        self.is_valid()
        return [row for row in self.forms if row.errors]

    def clean(self) -> None:
        """Compare the rows with each other, and with the accounts that exist. Two queries."""
        rows: dict[str, FocalPointRow] = {}
        for number, row in enumerate(self.forms, start=1):
            row.number = number
            email = getattr(row, "cleaned_data", {}).get("email")
            if email and rows.setdefault(email, row) is not row:
                row.add_error("email", _("Row %(row)s has this address too.") % {"row": rows[email].number})
        self._compare_with_focal_points(rows)
        for user in User.objects.annotate(address=Lower("email")).filter(address__in=list(rows)):
            if reason := reason_against(user):
                rows[user.email.lower()].add_error("email", reason)

    def _compare_with_focal_points(self, rows: Mapping[str, FocalPointRow]) -> None:
        """A focal point of the same body is left as it is."""
        appointed = FocalPoint.objects.filter(removed_at__isnull=True).annotate(address=Lower("user__email"))
        for focal_point in appointed.filter(address__in=list(rows)).select_related("user", "body"):
            row = rows[focal_point.user.email.lower()]
            if row.body == focal_point.body:
                row.is_appointed_already = True


_Rows = forms.formset_factory(FocalPointRow, formset=_FocalPointRows, extra=0, max_num=MAX_ROWS, absolute_max=MAX_ROWS)


def focal_point_rows(rows: Any, webinar: Webinar) -> Any:
    """Return `rows` as a bound formset: the data that a page sent, or a sequence of texts by column."""
    data = _as_form_data(rows) if isinstance(rows, list) else rows
    bodies = list(ParticipatingBody.objects.filter(delegations__webinar=webinar))
    return _Rows(data, prefix="rows", form_kwargs={"bodies": bodies_by_word(bodies)})


def _as_form_data(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    cells = {f"rows-{number}-{name}": text for number, row in enumerate(rows) for name, text in row.items()}
    return {"rows-TOTAL_FORMS": str(len(rows)), "rows-INITIAL_FORMS": "0", **cells}


def bodies_by_word(bodies: Iterable[ParticipatingBody]) -> dict[str, ParticipatingBody]:
    """Return `bodies` by their codes and by their names in both languages, normalised."""
    found: dict[str, ParticipatingBody] = {}
    for body in bodies:
        words = [body.iso_code or "", body.slug, body.name_en, body.name_es]
        words += [Locale.parse(language).territories.get(body.iso_code or "", "") for language in LANGUAGES]
        found |= {normalised(word): body for word in words if normalised(word)}
    return found
