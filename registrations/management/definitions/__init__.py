"""Definition files of webinars: agenda, bodies, quotas and registration rules, in TOML."""

from pathlib import Path

from registrations.management.definitions.loading import LoadReport, load_definition

# The files that come with the product.
DEFINITIONS = Path(__file__).parent

__all__ = ["DEFINITIONS", "LoadReport", "load_definition"]
