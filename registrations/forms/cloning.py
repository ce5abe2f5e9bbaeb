"""The form that clones a webinar."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions_app.bilingual import Bilingual
from sessions_app.cloning import CloneRefused
from sessions_app.forms import mark_languages
from sessions_app.models import Webinar

WIDE_ATTRS = {"class": "vTextField"}


class CloneForm(forms.Form):
    """First day, title and slug of a clone of `webinar`."""

    starts_on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("The other sessions keep their distance, and every session its local hour."),
    )
    title_en = forms.CharField(label=_("Title (English)"), max_length=200, widget=forms.TextInput(attrs=WIDE_ATTRS))
    title_es = forms.CharField(
        label=_("Title (Spanish)"), max_length=200, required=False, widget=forms.TextInput(attrs=WIDE_ATTRS)
    )
    slug = forms.SlugField(
        label=_("Slug"),
        max_length=60,
        widget=forms.TextInput(attrs=WIDE_ATTRS),
        help_text=_("Part of its addresses; it cannot be changed later."),
    )

    def __init__(self, *args: Any, webinar: Webinar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mark_languages(self.fields)
        self.initial = {"title_en": webinar.title_en, "title_es": webinar.title_es, "slug": _free_slug(webinar)}

    @property
    def title(self) -> Bilingual:
        return Bilingual(en=self.cleaned_data["title_en"], es=self.cleaned_data["title_es"])

    def add_refusal(self, refusal: CloneRefused) -> None:
        """Add `refusal` to the field that it names, or to the whole form where there is no such field."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal.message))


def _free_slug(webinar: Webinar) -> str:
    """Return the slug of `webinar` with the first free number from 2 on."""
    base = webinar.slug[:56]
    taken = set(Webinar.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"
