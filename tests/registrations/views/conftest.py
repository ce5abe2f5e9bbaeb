from collections.abc import Callable

import pytest
import time_machine
from django.urls import reverse
from django.utils import translation

from registrations.models import Delegate
from registrations.tokens import Scope, make_token
from sessions_app.releases import release_webinar
from tests.factories import NOW
from tests.registrations.participants import make_entry, make_participant


@pytest.fixture
def clock():
    """Freeze the time at `NOW`; `clock.move_to` changes it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def participant(clock, db) -> Delegate:
    """A delegate in Tegucigalpa who is invited to both sessions of a released webinar."""
    delegate = make_participant(name="Ana Paz", email="ana@example.org", language="en")
    release_webinar(delegate.webinar, by=None, now=NOW)
    for session in delegate.webinar.sessions.all():
        make_entry(delegate, session)
    return delegate


@pytest.fixture
def address_of() -> Callable[..., str]:
    """Return the function that builds the path of a participant's page or file from its URL name."""

    def path(name: str, delegate: Delegate, *args: object, scope: Scope = Scope.PAGE, language: str = "en") -> str:
        with translation.override(language):
            return reverse(name, args=[make_token(delegate, scope), *args])

    return path
