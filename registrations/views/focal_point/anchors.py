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


def add_anchor(profile: ParticipantProfile | None) -> Place:
    code = profile.code if profile is not None else WITHOUT_PROFILE
    return Place(form=f"in-place-{code}", opener=f"add-{code}")


def delegate_anchor(delegate: Delegate) -> Place:
    return Place(form=f"in-place-{delegate.pk}", opener=delegate_element_id(delegate))


def delegate_element_id(delegate: Delegate) -> str:
    return f"delegate-{delegate.pk}"


def undo_element_id(delegate: Delegate) -> str:
    return f"undo-{delegate.pk}"


def delegation_url_at(delegation: Delegation, element: str, *, done: Place) -> str:
    """The page with the focus on `element`, and without the form at `done`; other open forms stay open."""
    return f"{delegation.get_absolute_url()}?{urlencode({'at': element, 'done': done.form})}#{element}"


def delegation_url_with_add_form(delegation: Delegation, profile: ParticipantProfile | None) -> str:
    """The page with a new form under `profile`."""
    place = add_anchor(profile)
    code = place.opener.removeprefix("add-")
    return f"{delegation.get_absolute_url()}?{urlencode({'add': code, 'done': place.form})}#{place.form}"
