"""Creates agenda items from a table with hour or minutes, title in Spanish, title in English, and speakers.

`reading` previews the items with the errors of each row, `times` parses hours, and `saving` stores
the items.
"""

from registrations.services.agenda_table.reading import AgendaTable, TableItem, TableSpeaker, read_agenda_table
from registrations.services.agenda_table.saving import AddedItems, add_items

__all__ = ["AddedItems", "AgendaTable", "TableItem", "TableSpeaker", "add_items", "read_agenda_table"]
