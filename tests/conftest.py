from datetime import UTC, datetime

import pytest


@pytest.fixture
def now() -> datetime:
    """An afternoon three weeks before the webinar of the factories."""
    return datetime(2026, 10, 26, 15, 0, tzinfo=UTC)
