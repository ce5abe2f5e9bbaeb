"""Reads the agenda of a webinar's definition file, and the TOML tables of every other block."""

from sessions_app.definitions.agenda import AgendaDefinition, parse_agenda
from sessions_app.definitions.loading import LoadedAgenda, load_agenda
from sessions_app.definitions.source import DefinitionRefused, Problem, Source, read_source
from sessions_app.definitions.table import TomlTable

__all__ = [
    "AgendaDefinition",
    "DefinitionRefused",
    "LoadedAgenda",
    "Problem",
    "Source",
    "TomlTable",
    "load_agenda",
    "parse_agenda",
    "read_source",
]
