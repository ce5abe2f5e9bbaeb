"""Mail into files: one message, one `.eml`, for the demo."""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.mail import EmailMessage, SafeMIMEText
from django.core.mail.backends.base import BaseEmailBackend


class EmlFiles(BaseEmailBackend):
    """Writes each message to `EMAIL_FILE_PATH`; file names sort by the time of writing.

    A reader never sees half a message: it is written beside and renamed into place.
    """

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were written: all. Raises OSError where the folder cannot be written to."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            stem = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            unfinished = self.folder / f".{stem}.tmp"
            unfinished.write_bytes(cast("SafeMIMEText", message.message()).as_bytes(linesep="\r\n"))
            os.replace(unfinished, self.folder / f"{stem}.eml")
        return len(email_messages)
