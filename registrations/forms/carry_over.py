"""Who of earlier webinars comes again: a tick for each, and a profile where theirs is not asked for any more."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registrations.models import ParticipantProfile
from registrations.queries import SeatCount
from registrations.queries.earlier_delegates import EarlierDelegate


@dataclass(frozen=True)
class Row:
    """A person with the inputs for them: none for who is in the delegation already."""

    one: EarlierDelegate
    tick: forms.BoundField | None
    profile: forms.BoundField | None


class CarryOverForm(forms.Form):
    def __init__(
        self, *args: Any, people: Iterable[EarlierDelegate], seats: tuple[SeatCount, ...], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = tuple(people)
        self.profiles = {str(seat.profile.pk): seat.profile for seat in seats}
        choices = [("", _("Choose a profile")), *((pk, str(profile)) for pk, profile in self.profiles.items())]
        for one in self.people:
            if one.is_already_registered:
                continue
            self.fields[f"person-{one.person.pk}"] = forms.BooleanField(label=one.person.name, required=False)
            if not one.is_profile_requested:
                self.fields[f"profile-{one.person.pk}"] = forms.ChoiceField(
                    label=gettext_lazy("Profile"), choices=choices, required=False
                )

    def clean(self) -> None:
        super().clean()
        if not self.errors and not self.chosen():
            raise ValidationError(_("Please tick the people who come again."))

    def chosen(self) -> dict[int, ParticipantProfile | None]:
        """{id: profile} of those who are ticked; no profile where none was chosen, which the service refuses."""
        return {
            one.person.pk: one.person.profile
            if one.is_profile_requested
            else self.profiles.get(self.cleaned_data.get(f"profile-{one.person.pk}", ""))
            for one in self.people
            if self.cleaned_data.get(f"person-{one.person.pk}")
        }

    @property
    def is_of_people_who_are_here(self) -> bool:
        """Whether only people are ticked who are in the delegation meanwhile, as in a form that is sent twice."""
        ticked = [one.is_already_registered for one in self.people if f"person-{one.person.pk}" in self.data]
        return bool(ticked) and all(ticked)

    def rows(self) -> list[Row]:
        return [
            Row(one, self._input(f"person-{one.person.pk}"), self._input(f"profile-{one.person.pk}"))
            for one in self.people
        ]

    def _input(self, name: str) -> forms.BoundField | None:
        return self[name] if name in self.fields else None
