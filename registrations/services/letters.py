"""Uploading, replacing and removing nomination letters. Each action is recorded in the history."""

import errno
import hashlib
import os
import re
import unicodedata
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from registrations.exceptions import FileNotStored, InvalidInput, RegistrationClosed
from registrations.models import Delegation, HistoryKind, NominationLetter, User
from registrations.models.letter import random_path
from registrations.services.acceptance import accept_if_complete
from registrations.services.history import record
from registrations.services.quota_locks import lock_delegation
from registrations.services.registration_window import check_attending, check_time, is_late
from registrations.services.transactions import atomic_with_retry

log = structlog.get_logger(__name__)

# PDF readers search the header in the first KB and the end marker in the last (Adobe's implementation notes 13 and 18
# to PDF 1.7). Some scanners append more after the end marker.
HEADER_SEARCH_BYTES = 1024
TRAILER_SEARCH_BYTES = 2048
MAX_NAME_LENGTH = 120


def upload_letter(delegation: Delegation, *, upload: "UploadedFile[Any]", by: User, now: datetime) -> NominationLetter:
    """Store `upload` as the current letter of `delegation`; the former letter stays in the history.

    The same file twice is stored once. A submitted delegation that lacked only the letter is accepted (rule 4). Focal
    points may upload after registration closes. Raises InvalidInput unless it is a whole PDF of at most LARGEST_UPLOAD
    bytes, FileNotStored if the file cannot be written, NotPossibleNow while the delegation does not attend, and what
    `check_time` raises. If it raises, no file stays behind.
    """
    digest = _check_pdf(upload)
    letter = NominationLetter(
        name=clean_file_name(upload.name or ""), size=upload.size or 0, digest=digest, uploaded_by=by, uploaded_at=now
    )
    # Written before the transaction, so that no locks are held meanwhile.
    _store(letter, upload)
    current = None
    try:
        current = _make_current(delegation, letter, by=by, now=now)
    finally:
        if current is not letter:
            letter.file.delete(save=False)
    return current


def _store(letter: NominationLetter, upload: "UploadedFile[Any]") -> None:
    """Write the file of `letter`. If this fails, log the cause, remove what was written and raise FileNotStored."""
    storage, path = letter.file.storage, random_path(letter, "")
    try:
        letter.file.name = storage.save(path, upload)
        # Django does not check that a file moved from one disk to another was written completely.
        if storage.size(path) != upload.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        with suppress(OSError):
            storage.delete(path)
        log.error("file_not_stored", errno=errno.errorcode.get(error.errno or 0), reason=error.strerror)
        raise FileNotStored from error


@atomic_with_retry
def _make_current(delegation: Delegation, letter: NominationLetter, *, by: User, now: datetime) -> NominationLetter:
    """Make `letter` the current letter and return it, or return the current one if it is the same file."""
    locked = lock_delegation(delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    check_attending(locked.delegation)
    before = NominationLetter.objects.current().filter(delegation=locked.delegation).first()
    if before is not None and before.digest == letter.digest:
        return before
    if before is not None:
        before.replaced_at = now
        before.save(update_fields=["replaced_at"])
    letter.pk = None
    letter.delegation = locked.delegation
    letter.save(force_insert=True)
    kind = HistoryKind.LETTER_UPLOADED if before is None else HistoryKind.LETTER_REPLACED
    changes = {"letter": [before.name if before is not None else "", letter.name]}
    record(kind, delegation=locked.delegation, by=by, now=now, changes=changes)
    accept_if_complete(locked, step=kind, by=by, now=now)
    return letter


@atomic_with_retry
def remove_letter(letter: NominationLetter, *, by: User, now: datetime) -> None:
    """Erase a letter, current or replaced; the history records the removal.

    An earlier letter does not become current again. After registration closes a focal point may replace letters but not
    remove them: raises RegistrationClosed, and what `check_time` and `check_attending` raise. A second call changes
    nothing. The file is deleted after the commit.
    """
    locked = lock_delegation(letter.delegation)
    check_time(locked.delegation.webinar, by=by, now=now, is_allowed_late=True)
    if is_late(locked.delegation.webinar, by=by, now=now):
        raise RegistrationClosed(_("Registration has closed. A letter can still be replaced, but not removed."))
    check_attending(locked.delegation)
    current = NominationLetter.objects.filter(pk=letter.pk).first()
    if current is None:
        return
    erase = partial(current.file.storage.delete, str(current.file.name))
    current.delete()
    record(
        HistoryKind.LETTER_REMOVED,
        delegation=locked.delegation,
        by=by,
        now=now,
        changes={"letter": [current.name, ""]},
    )
    transaction.on_commit(erase, robust=True)


def _check_pdf(upload: "UploadedFile[Any]") -> str:
    """Return the SHA-256 digest of `upload`. Raises InvalidInput unless it is a whole PDF of an allowed size."""
    size = upload.size or 0
    if size == 0:
        raise _refused(_("This file is empty. Please choose the letter again."))
    if size > settings.LARGEST_UPLOAD:
        raise _refused(
            _("This file has %(size)s; a letter may have at most %(most)s. Please scan it at a lower resolution.")
            % {"size": filesizeformat(size), "most": filesizeformat(settings.LARGEST_UPLOAD)}
        )
    upload.seek(0)
    if b"%PDF-" not in upload.read(HEADER_SEARCH_BYTES):
        raise _refused(_("This is not a PDF file, whatever its name. Please scan or save the letter as PDF."))
    upload.seek(max(0, size - TRAILER_SEARCH_BYTES))
    if b"%%EOF" not in upload.read(TRAILER_SEARCH_BYTES):
        raise _refused(_("The end of this PDF file is missing. Please save or scan the letter again."))
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


def _refused(message: str) -> InvalidInput:
    return InvalidInput({"file": [message]})


def clean_file_name(name: str) -> str:
    """Return a file name without folders and invisible characters that ends in `.pdf`."""
    last = re.split(r"[/\\]", name)[-1]
    # Replace control characters, direction marks and unpaired surrogates.
    seen = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in last)
    stem = re.sub(r"\.pdf$", "", " ".join(seen.split()), flags=re.I).strip(" .")
    return f"{stem[: MAX_NAME_LENGTH - len('.pdf')].strip(' .') or _('letter')}.pdf"
