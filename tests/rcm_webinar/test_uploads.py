"""Uploads and requests are limited before a view reads them."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import Client, RequestFactory

from registrations.models import NominationLetter
from tests.factories import make_country, make_delegation, make_pdf
from tests.full_disk import largest_file
from tests.logged import errors_in

MB = 1024 * 1024


@pytest.fixture
def scratch(tmp_path: Path, settings) -> Path:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    return tmp_path


def send(*sizes: int):
    """Return a request with files of these sizes in bytes, as a view gets it."""
    files = {f"file{number}": SimpleUploadedFile("a.pdf", b"x" * size) for number, size in enumerate(sizes)}
    return RequestFactory().post("/", {"typed": "kept", **files})


def test_a_file_is_streamed_to_the_disk_and_never_held_in_memory(scratch) -> None:
    request = send(100)

    upload = request.FILES["file0"]

    assert isinstance(upload, TemporaryUploadedFile)
    assert (upload.size, upload.read(), len(list(scratch.iterdir()))) == (100, b"x" * 100, 1)
    request.close()


def test_a_file_that_is_too_large_is_discarded_except_for_its_size(scratch) -> None:
    request = send(12 * MB, 7)

    large, small = request.FILES["file0"], request.FILES["file1"]

    assert (large.size, large.read()) == (12 * MB, b"")
    assert (small.size, small.read(), request.POST["typed"]) == (7, b"x" * 7, "kept")
    assert [path.stat().st_size for path in scratch.iterdir()] == [7]
    request.close()


def test_a_file_of_exactly_ten_megabytes_is_accepted(scratch) -> None:
    request = send(10 * MB)

    assert len(request.FILES["file0"].read()) == 10 * MB
    request.close()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_request_that_is_far_too_large_is_refused_unread_with_a_page_of_its_own(
    client: Client, language: str
) -> None:
    answer = client.post(
        f"/{language}/delegations/flows-country-hn/letter/",
        data=b"",
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(41 * MB),
    )

    assert answer.status_code == 413
    assert f'<html lang="{language}">' in answer.content.decode()
    assert answer.templates[0].name == "413.html"


@pytest.mark.django_db
@pytest.mark.parametrize("length", ["9" * 5000, "-1", "x", "", "١٢"])
def test_no_content_length_causes_a_server_error(client: Client, length: str) -> None:
    answer = client.get("/en/", CONTENT_LENGTH=length)

    assert answer.status_code in {200, 413}


@pytest.mark.parametrize("size", [70_000, 5 * MB])
def test_a_failed_upload_leaves_no_file_and_logs_the_error(
    size: int, scratch, caplog: pytest.LogCaptureFixture
) -> None:
    request = send(size)

    with largest_file(65_000):
        upload = request.FILES["file0"]

    assert (upload.size, upload.read(), request.POST["typed"]) == (size, b"", "kept")
    assert list(scratch.iterdir()) == []
    assert errors_in(caplog) == [{"event": "file_not_stored", "errno": "EFBIG", "reason": "File too large"}]
    request.close()


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_form_whose_file_could_not_be_stored_is_answered_with_a_page_and_changes_nothing(
    staff, settings, tmp_path: Path, language: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")
    path = f"/{language}/delegations/{make_delegation(body=make_country('HN')).slug}/letter/"
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(staff)
    browser.cookies[settings.CSRF_COOKIE_NAME] = token = 32 * "a"

    answer = browser.post(path, {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("a.pdf", make_pdf())})

    assert answer.status_code == 507
    assert f'<html lang="{language}">' in answer.content.decode()
    assert answer.templates[0].name == "507.html"
    assert NominationLetter.objects.count() == 0
    assert [line["errno"] for line in errors_in(caplog)] == ["ENOENT"]


@pytest.mark.django_db
def test_a_letter_that_cannot_be_written_is_an_error_of_its_field(
    secretariat: Client, settings, tmp_path: Path
) -> None:
    (tmp_path / "media").write_text("a file in place of the directory")
    settings.MEDIA_ROOT = str(tmp_path / "media")
    delegation = make_delegation(body=make_country("HN"))

    answer = secretariat.post(
        f"/en/delegations/{delegation.slug}/letter/", {"file": SimpleUploadedFile("a.pdf", make_pdf())}
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors == {
        "file": [
            "The file could not be stored on the server, and nothing was changed. Please try again later, or tell the "
            "secretariat."
        ]
    }
