"""Mail into files: one message, one `.eml`, for the demo."""

import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from email.generator import BytesGenerator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmlFiles(BaseEmailBackend):
    """Writes each message to `EMAIL_FILE_PATH`; file names sort by the time of writing.

    A reader never sees half a message: it is written beside and renamed into place.
    """

    def __init__(self, **kwargs: Any) -> None:
        # What else Django passes on (such as a time-out) is of no use to a folder.
        super().__init__()
        self.folder = Path(settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were written: all. Raises OSError where the folder cannot be written to."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            stem = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
            unfinished = self.folder / f".{stem}.tmp"
            with unfinished.open("wb") as file:
                BytesGenerator(file, mangle_from_=False).flatten(message.message(), linesep="\r\n")
            os.replace(unfinished, self.folder / f"{stem}.eml")
        return len(email_messages)
