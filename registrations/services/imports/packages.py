"""Opening the ZIP packages of Excel and Word. Declared and real sizes are checked before anything parses a part."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext as _

from registrations.exceptions import UnreadableTable
from registrations.services.imports.tables import MAX_ROWS

MAX_PARTS = 200
MAX_UNPACKED_BYTES = 10_000_000
CONTENT_TYPES = "[Content_Types].xml"

# The end record of a ZIP file (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.16) has a signature,
# four fields, then the size of the directory. An entry takes 46 bytes and its name.
DIRECTORY_END = b"PK\x05\x06"
DIRECTORY_SIZE_AT = 12
MAX_COMMENT_LENGTH = 65_535
MAX_DIRECTORY_BYTES = MAX_PARTS * 300
ZIP64_LOCATOR = b"PK\x06\x07"
IS_ENCRYPTED = 0x1
READABLE_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
MACROS = re.compile(r"vbaProject|macrosheets", re.I)


@contextmanager
def open_package(data: bytes) -> Iterator[zipfile.ZipFile]:
    """Open `data`, whose parts are few, and small as declared; a part that is larger than declared fails its checksum.

    Raises UnreadableTable for other files, and in place of what `zipfile` raises while parts are read.
    """
    _check_directory_size(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            _check_parts(package.infolist())
            yield package
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError, struct.error, OSError):
        raise damaged_file_error() from None


def _check_directory_size(data: bytes) -> None:
    end = data.rfind(DIRECTORY_END, max(0, len(data) - MAX_COMMENT_LENGTH - 22))
    field = data[end + DIRECTORY_SIZE_AT : end + DIRECTORY_SIZE_AT + 4]
    if end < 0 or len(field) < 4:
        raise damaged_file_error()
    if int.from_bytes(field, "little") > MAX_DIRECTORY_BYTES or ZIP64_LOCATOR in data[max(0, end - 20) : end]:
        raise too_much_error()


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    if any(part.flag_bits & IS_ENCRYPTED for part in parts):
        raise protected_by_password()
    if any(part.compress_type not in READABLE_METHODS for part in parts):
        raise damaged_file_error()
    names = {part.filename for part in parts}
    if CONTENT_TYPES not in names:
        raise UnreadableTable(
            _("This is a ZIP file, but no Excel workbook and no Word document. Please send the file itself.")
        )
    if any(MACROS.search(name) for name in names):
        raise UnreadableTable(
            _("This file holds macros. Please save it without them, as .xlsx or .docx, and try again.")
        )
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED_BYTES:
        raise too_much_error()


def protected_by_password() -> UnreadableTable:
    """Build the error for an encrypted file."""
    return UnreadableTable(_("This file is protected by a password. Please save it without one and try again."))


def too_much_error() -> UnreadableTable:
    """Build the error for a file that exceeds a limit."""
    return UnreadableTable(
        _("This file holds too much. Please keep only the table that you need, at most %(most)s rows.")
        % {"most": MAX_ROWS}
    )


def damaged_file_error() -> UnreadableTable:
    """Build the error for a file that cannot be read."""
    return UnreadableTable(_("This file is damaged. Please open it in the program that wrote it and save it again."))
