from collections.abc import Iterator

import pytest

from tests.registrations.services.mail_server import AnsweringBackend


@pytest.fixture
def server(settings) -> Iterator[type[AnsweringBackend]]:
    """A mail server that answers as a test says."""
    settings.EMAIL_BACKEND = f"{AnsweringBackend.__module__}.AnsweringBackend"
    yield AnsweringBackend
    AnsweringBackend.greet = AnsweringBackend.answer = AnsweringBackend.afterwards = None
