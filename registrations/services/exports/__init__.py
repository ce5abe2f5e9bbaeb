"""Exports of people and figures for spreadsheet programs, safe from formulas; each is recorded."""

from registrations.services.exports.board import board_table
from registrations.services.exports.columns import COLUMNS, DEFAULT_COLUMNS
from registrations.services.exports.files import FileFormat, Table, write_csv, write_xlsx
from registrations.services.exports.recorded import export_board, export_delegates, export_room_list

__all__ = [
    "COLUMNS",
    "DEFAULT_COLUMNS",
    "FileFormat",
    "Table",
    "board_table",
    "export_board",
    "export_delegates",
    "export_room_list",
    "write_csv",
    "write_xlsx",
]
