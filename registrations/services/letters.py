"""The nomination letter: upload, replace, remove. Each is kept in the history."""

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
from registrations.services.quota_locks import atomic_with_retry, lock_delegation
from registrations.services.registration_window import check_attending, check_time, is_late

log = structlog.get_logger(__name__)

# A PDF says what it is in its first KB and where it ends in its last: readers look no further (Adobe's implementation
# notes 13 and 18 to PDF 1.7). Some scanners add more after the end.
HEADER_SEARCH_BYTES = 1024
TRAILER_SEARCH_BYTES = 2048
MAX_NAME_LENGTH = 120


def upload_letter(delegation: Delegation, *, upload: "UploadedFile[Any]", by: User, now: datetime) -> NominationLetter:
    """Keep `upload` as the letter of `delegation`; the one before becomes history. The same file twice is kept once.

    A submitted delegation that lacked nothing else is accepted (rule 4); one that is not submitted is still to be.
    Possible for focal points after the closing too. Raises InvalidInput unless it is a whole PDF of at most 10 MB,
    FileNotStored where the disk does not take it, NotPossibleNow while the delegation does not attend, and what
    `check_time` raises. Where that happens no file stays behind.
    """
    digest = _check_pdf(upload)
    letter = NominationLetter(
        name=clean_file_name(upload.name or ""), size=upload.size or 0, digest=digest, uploaded_by=by, uploaded_at=now
    )
    # Before the transaction: nobody waits with locks for a file.
    _store(letter, upload)
    is_kept = False
    try:
        kept = _make_current(delegation, letter, by=by, now=now)
        is_kept = kept is letter
    finally:
        if not is_kept:
            letter.file.delete(save=False)
    return kept


def _store(letter: NominationLetter, upload: "UploadedFile[Any]") -> None:
    """Write `upload` as the file of `letter`. Raises FileNotStored, logs why, and leaves no part of it."""
    storage, path = letter.file.storage, random_path(letter, "")
    try:
        letter.file.name = storage.save(path, upload)
        # Django moves a file from one disk to another without looking whether its last piece was written whole.
        if storage.size(path) != upload.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        with suppress(OSError):
            storage.delete(path)
        log.error("file_not_stored", errno=errno.errorcode.get(error.errno or 0), reason=error.strerror)
        raise FileNotStored from error


@atomic_with_retry
def _make_current(delegation: Delegation, letter: NominationLetter, *, by: User, now: datetime) -> NominationLetter:
    """Make `letter` the current one, unless that is the same file."""
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
    """Erase a letter, the current one or one that was replaced; the history keeps that it was there, and who did it.

    For a file that should not have been sent. The current one is then missing: an earlier one does not return. After
    the closing a focal point replaces letters, and removes none: raises RegistrationClosed, and what `check_time` and
    `check_attending` raise. Removing twice changes nothing. The file goes once this is committed.
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
    """The digest of `upload`, read piece by piece. Raises InvalidInput unless it is a whole PDF of a size we keep."""
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
    """What a file is called, without folders and without what is not seen; it always ends in `.pdf`."""
    last = re.split(r"[/\\]", name)[-1]
    # Control characters, marks that turn the direction of writing, unpaired surrogates.
    seen = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in last)
    stem = re.sub(r"\.pdf$", "", " ".join(seen.split()), flags=re.I).strip(" .")
    return f"{stem[: MAX_NAME_LENGTH - len('.pdf')].strip(' .') or _('letter')}.pdf"
