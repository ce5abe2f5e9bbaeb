"""Limits uploads: files that are too large are discarded, and requests that are too large are not read."""

import errno
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

log = structlog.get_logger(__name__)

UPLOAD_FAILED = "rcm_webinar.upload_not_stored"


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Streams an upload to the disk up to LARGEST_UPLOAD.

    A larger file is read to its end and discarded: the form gets an empty file with the true size, and can report the
    error beside the other fields. If writing to the disk fails, the file is discarded too, and the request is marked
    for `FailedUploadMiddleware`.
    """

    is_too_large = False
    has_write_failed = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        self.is_too_large = self.has_write_failed = False
        try:
            super().new_file(*args, **kwargs)
        except OSError as error:
            self._discard(error)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.is_too_large = start + len(raw_data) > settings.LARGEST_UPLOAD
        if self.is_too_large or self.has_write_failed:
            return
        try:
            super().receive_data_chunk(raw_data, start)
        except OSError as error:
            self._discard(error)

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        if not self.is_too_large and not self.has_write_failed:
            try:
                return super().file_complete(file_size)
            except OSError as error:
                self._discard(error)
        self.upload_interrupted()
        return UploadedFile(BytesIO(), name=self.file_name, content_type=self.content_type, size=file_size)

    def upload_interrupted(self) -> None:
        # Closing the file writes its buffer, which may fail too; the file is deleted in any case.
        with suppress(OSError):
            super().upload_interrupted()

    def _discard(self, error: OSError) -> None:
        self.has_write_failed = True
        if self.request is not None:
            self.request.META[UPLOAD_FAILED] = True
        log.error("file_not_stored", errno=errno.errorcode.get(error.errno or 0), reason=error.strerror)


class RequestSizeLimitMiddleware:
    """Answers 413, before reading the body, to a request whose Content-Length is larger than any form."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length[:20]) > settings.LARGEST_REQUEST:
            return render(request, "413.html", status=413)
        return self.get_response(request)


class FailedUploadMiddleware:
    """Answers 507 instead of calling the view if an uploaded file could not be stored.

    It must come after Django's CSRF middleware, which reads the form first.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Return the answer 507 if an upload of this request failed; None calls the view."""
        if request.META.get(UPLOAD_FAILED):
            return render(request, "507.html", status=507)
        return None
