"""The demo's people and webinars, which the tests of this package look at."""

from tests.journeys.looking import context, language, tab, tabs
from tests.journeys.world import world

__all__ = ["context", "language", "tab", "tabs", "world"]
