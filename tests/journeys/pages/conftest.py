"""Provides the data of the demo to the tests of this package."""

from tests.journeys.looking import context, language, tab, tabs
from tests.journeys.world import world

__all__ = ["context", "language", "tab", "tabs", "world"]
