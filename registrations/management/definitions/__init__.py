"""Definition files of webinars: the agenda and who is asked to come, in one readable TOML file."""

from pathlib import Path

from registrations.management.definitions.loading import LoadReport, load_definition

# The files that come with the product.
DEFINITIONS = Path(__file__).parent

__all__ = ["DEFINITIONS", "LoadReport", "load_definition"]
