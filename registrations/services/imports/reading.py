"""Recognising an uploaded file by its content. File names and content types from the browser are not trusted."""

from django.utils.translation import gettext as _

from registrations.exceptions import UnreadableTable
from registrations.services.imports.csv_text import read_csv
from registrations.services.imports.documents import is_document, read_document
from registrations.services.imports.packages import protected_by_password
from registrations.services.imports.tables import Table
from registrations.services.imports.workbooks import read_workbook

MAX_BYTES = 5_000_000
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# Excel files from before 2007 and newer encrypted ones: [MS-CFB] 2.2, [MS-OFFCRYPTO] 1.3.
COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
OLD_WORD = "WordDocument".encode("utf-16-le")
NO_TABLES = (b"MZ", b"\x7fELF", b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"{\\rtf", b"<")


def read_file(data: bytes) -> Table:
    """Return the table in an .xlsx, .docx or .csv file of at most MAX_BYTES. Raises UnreadableTable with the reason."""
    if len(data) > MAX_BYTES:
        raise file_too_large_error()
    if data.startswith(ZIP):
        return read_document(data) if is_document(data) else read_workbook(data)
    if data.startswith(COMPOUND_FILE):
        if ENCRYPTED_PACKAGE in data:
            raise protected_by_password()
        if OLD_WORD in data:
            raise UnreadableTable(
                _("This is a Word document of the old kind (.doc). Please save it as .docx and try again.")
            )
        raise UnreadableTable(_("This is an Excel file of the old kind (.xls). Please save it as .xlsx and try again."))
    if data.startswith(NO_TABLES):
        raise UnreadableTable(_("This is no Excel, Word or CSV file. Please send an .xlsx, .docx or .csv file."))
    return read_csv(data)


def file_too_large_error() -> UnreadableTable:
    """Build the error for a file that exceeds MAX_BYTES."""
    return UnreadableTable(
        _("This file is larger than %(megabytes)s MB. Please keep only the sheet that you need.")
        % {"megabytes": MAX_BYTES // 1_000_000}
    )
