"""A table that a person typed becomes agenda items: hour or minutes, title in Spanish, title in English, speakers.

`reading` says what the items would be and what is wrong with each row, `times` parses its hours, and `saving` stores
the items.
"""

from registrations.services.agenda_table.reading import AgendaTable, TableItem, TableSpeaker, read_agenda_table
from registrations.services.agenda_table.saving import AddedItems, add_items

__all__ = ["AddedItems", "AgendaTable", "TableItem", "TableSpeaker", "add_items", "read_agenda_table"]
