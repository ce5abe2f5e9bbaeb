"""Bounds what is sent to us: nothing is kept of a file that is too large, nothing read of a request that is."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


class Bounded(TemporaryFileUploadHandler):
    """Streams a file to the disk as far as it may be uploaded. One that is larger is counted to its end and dropped:
    it arrives as an empty file of its true size, so that a form can say what is wrong beside what else was typed."""

    is_too_large = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.is_too_large = False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.is_too_large = start + len(raw_data) > settings.LARGEST_UPLOAD
        if not self.is_too_large:
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        if not self.is_too_large:
            return super().file_complete(file_size)
        self.upload_interrupted()
        return UploadedFile(BytesIO(), name=self.file_name, content_type=self.content_type, size=file_size)


class BoundedRequest:
    """Middleware: a request that says it is larger than any of our forms is refused before anything of it is read."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length[:20]) > settings.LARGEST_REQUEST:
            return render(request, "413.html", status=413)
        return self.get_response(request)
