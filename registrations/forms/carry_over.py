"""The form that registers people of earlier webinars again."""

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
class PersonRow:
    """A person of an earlier webinar with their fields; no fields for one who is in the delegation already."""

    earlier: EarlierDelegate
    checkbox: forms.BoundField | None
    profile: forms.BoundField | None


class CarryOverForm(forms.Form):
    """A checkbox for each person, and a profile where this webinar does not ask for their earlier one."""

    def __init__(
        self, *args: Any, people: Iterable[EarlierDelegate], seats: tuple[SeatCount, ...], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = tuple(people)
        self.profiles = {str(seat.profile.pk): seat.profile for seat in seats}
        choices = [("", _("Choose a profile")), *((pk, str(profile)) for pk, profile in self.profiles.items())]
        for earlier in self.people:
            if earlier.is_already_registered:
                continue
            self.fields[f"person-{earlier.person.pk}"] = forms.BooleanField(label=earlier.person.name, required=False)
            if not earlier.is_profile_requested:
                self.fields[f"profile-{earlier.person.pk}"] = forms.ChoiceField(
                    label=gettext_lazy("Profile"), choices=choices, required=False
                )

    def clean(self) -> None:
        super().clean()
        if not self.errors and not self.selected_profiles():
            raise ValidationError(_("Please tick the people who come again."))

    def selected_profiles(self) -> dict[int, ParticipantProfile | None]:
        """Return {id of the person: profile} of the ticked people.

        The profile is None where none was chosen, which the service refuses.
        """
        return {
            earlier.person.pk: earlier.person.profile
            if earlier.is_profile_requested
            else self.profiles.get(self.cleaned_data.get(f"profile-{earlier.person.pk}", ""))
            for earlier in self.people
            if self.cleaned_data.get(f"person-{earlier.person.pk}")
        }

    @property
    def selects_only_present_people(self) -> bool:
        """Return whether all ticked people are in the delegation already, as in a form that is sent twice."""
        present = [
            earlier.is_already_registered for earlier in self.people if f"person-{earlier.person.pk}" in self.data
        ]
        return bool(present) and all(present)

    def rows(self) -> list[PersonRow]:
        """Return everyone with their fields, for the template."""
        return [
            PersonRow(
                earlier,
                self._bound_field(f"person-{earlier.person.pk}"),
                self._bound_field(f"profile-{earlier.person.pk}"),
            )
            for earlier in self.people
        ]

    def _bound_field(self, name: str) -> forms.BoundField | None:
        return self[name] if name in self.fields else None
