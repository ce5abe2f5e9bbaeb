"""Where things stand on the page of a delegation: a form opens in place, under its profile or person, and whoever saved
it is taken back to the seat. Each place is the id of an element, so that it works with scripts and without."""

from dataclasses import dataclass
from urllib.parse import urlencode

from registrations.models import Delegate, Delegation, ParticipantProfile

# Instead of the code of a profile, for people of organisations.
WITHOUT_PROFILE = "new"


@dataclass(frozen=True)
class Place:
    """`form` is the id of a form's place, `opener` of what opens it."""

    form: str
    opener: str


def to_add(profile: ParticipantProfile | None) -> Place:
    code = profile.code if profile is not None else WITHOUT_PROFILE
    return Place(form=f"in-place-{code}", opener=f"add-{code}")


def to_change(delegate: Delegate) -> Place:
    return Place(form=f"in-place-{delegate.pk}", opener=seat_of(delegate))


def seat_of(delegate: Delegate) -> str:
    return f"delegate-{delegate.pk}"


def undo_of(delegate: Delegate) -> str:
    return f"undo-{delegate.pk}"


def page_at(delegation: Delegation, element: str, *, done: Place) -> str:
    """The page with the focus on `element`, and without the form at `done`; other open forms stay open."""
    return f"{delegation.get_absolute_url()}?{urlencode({'at': element, 'done': done.form})}#{element}"


def page_to_add(delegation: Delegation, profile: ParticipantProfile | None) -> str:
    """The page with a new form under `profile`."""
    place = to_add(profile)
    code = place.opener.removeprefix("add-")
    return f"{delegation.get_absolute_url()}?{urlencode({'add': code, 'done': place.form})}#{place.form}"
