"""Element ids on the page of a delegation, and addresses of that page that focus one of them.

A form opens inline, under its profile or its delegate; after saving, the page focuses the delegate. Both work without
scripts too: the id is also the fragment of the address.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from registrations.models import Delegate, Delegation, ParticipantProfile

# Takes the place of a profile's code for people of organisations.
WITHOUT_PROFILE = "new"


@dataclass(frozen=True)
class FormAnchor:
    """The id of the element that an inline form replaces, and of the element that opens the form."""

    form_id: str
    opener_id: str


def add_anchor(profile: ParticipantProfile | None) -> FormAnchor:
    """Return the anchor of the form that names someone for `profile`."""
    code = profile.code if profile is not None else WITHOUT_PROFILE
    return FormAnchor(form_id=f"in-place-{code}", opener_id=f"add-{code}")


def delegate_anchor(delegate: Delegate) -> FormAnchor:
    """Return the anchor of the forms that edit, replace or withdraw `delegate`."""
    return FormAnchor(form_id=f"in-place-{delegate.pk}", opener_id=delegate_element_id(delegate))


def delegate_element_id(delegate: Delegate) -> str:
    return f"delegate-{delegate.pk}"


def undo_element_id(delegate: Delegate) -> str:
    return f"undo-{delegate.pk}"


def delegation_url_at(delegation: Delegation, element_id: str, *, closed_form: FormAnchor) -> str:
    """Return the address of the page that focuses `element_id` and closes one form; other open forms stay open."""
    return f"{delegation.get_absolute_url()}?{urlencode({'at': element_id, 'done': closed_form.form_id})}#{element_id}"


def delegation_url_with_add_form(delegation: Delegation, profile: ParticipantProfile | None) -> str:
    """Return the address of the page with an empty form under `profile`."""
    anchor = add_anchor(profile)
    code = anchor.opener_id.removeprefix("add-")
    return f"{delegation.get_absolute_url()}?{urlencode({'add': code, 'done': anchor.form_id})}#{anchor.form_id}"
