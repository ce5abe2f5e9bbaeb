"""The nomination letter: what is taken for one, what is kept, who may when, and that no file is left or lost."""

import os
import tempfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import IntegrityError, transaction
from hypothesis import given

from registrations.exceptions import (
    FileNotStored,
    InvalidInput,
    NotPossibleNow,
    RegistrationClosed,
    RegistrationNotOpen,
    WebinarOver,
)
from registrations.models import Delegation, HistoryEvent, NominationLetter, User
from registrations.services.letters import clean_file_name, remove_letter, upload_letter
from tests.factories import NOW, RawUpload, make_letter, make_pdf, make_upload
from tests.full_disk import largest_file
from tests.hostile_text import hostile_texts
from tests.logged import errors_in
from tests.registrations.services.delegations.stories import AFTER_THE_WEBINAR, LATER

MB = 1024 * 1024
ANOTHER_DISK = Path("/dev/shm")  # noqa: S108  # a disk in memory, which is never the one of the temporary files
AFTER_THE_CLOSING = timedelta(days=12)
BEFORE_THE_OPENING = timedelta(days=-15)


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings) -> Path:
    """An empty place for uploads."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


def stored(media: Path) -> list[str]:
    """The content of every file that lies there."""
    return sorted(path.read_text() for path in media.rglob("*") if path.is_file())


def events() -> list[tuple[str, object, dict[str, object]]]:
    return [(event.kind, event.actor, event.changes) for event in HistoryEvent.objects.order_by("pk")]


def test_a_letter_is_kept_under_a_random_name_that_only_we_can_read(delegation, focal_point, now, media):
    letter = make_letter(delegation, by=focal_point, name="Nota verbal.pdf")

    path = Path(letter.file.path)
    assert (letter.name, letter.size, letter.uploaded_by, letter.uploaded_at) == (
        "Nota verbal.pdf",
        len(make_pdf()),
        focal_point,
        now,
    )
    assert path.read_bytes() == make_pdf()
    assert path.is_relative_to(media / "letters")
    assert "nota" not in path.name.lower()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert events() == [("letter_uploaded", focal_point, {"letter": ["", "Nota verbal.pdf"]})]


def test_a_better_letter_replaces_the_one_before_which_stays_readable(delegation, focal_point, staff, now, media):
    first = make_letter(delegation, by=focal_point, text="First", name="one.pdf")

    better = upload_letter(
        delegation, upload=make_upload(make_pdf("Better"), name="two.pdf"), by=staff, now=now + LATER
    )

    assert list(NominationLetter.objects.current()) == [better]
    assert NominationLetter.objects.get(pk=first.pk).replaced_at == now + LATER
    assert stored(media) == sorted([make_pdf("First").decode(), make_pdf("Better").decode()])
    assert events()[1:] == [("letter_replaced", staff, {"letter": ["one.pdf", "two.pdf"]})]


def test_the_same_letter_sent_twice_is_kept_once(delegation, focal_point, now, media):
    first = make_letter(delegation, by=focal_point)

    again = make_letter(delegation, by=focal_point, name="other name.pdf")

    assert again == first
    assert (NominationLetter.objects.count(), len(stored(media)), len(events())) == (1, 1, 1)


def test_a_letter_that_comes_back_after_another_one_is_current_again(delegation, focal_point, media):
    for text in ("One", "Other", "One"):
        last = make_letter(delegation, by=focal_point, text=text)

    assert list(NominationLetter.objects.current()) == [last]
    assert len(stored(media)) == 3


HTML = b"<!DOCTYPE html><script>alert(1)</script>"
EXE = b"MZ\x90\x00" + b"\x00" * 4000
NO_PDF = "This is not a PDF file, whatever its name."


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This file is empty."),
        (EXE, NO_PDF),
        (HTML, NO_PDF),
        (b"%PDF", NO_PDF),
        (b"\x00" * 1024 + make_pdf(), NO_PDF),
        (b"%PDF-1.7\n" + b"x" * 5000, "The end of this PDF file is missing."),
        (b"%PDF-1.7\n%%EOF" + b"x" * 5000, "The end of this PDF file is missing."),
        (
            b"%PDF-1.7\n" + b"x" * (10 * MB) + b"%%EOF",
            "This file has 10.0\xa0MB; a letter may have at most 10.0\xa0MB.",
        ),
    ],
)
def test_a_file_that_is_no_whole_pdf_of_an_allowed_size_is_refused(
    delegation, focal_point, now, media, content, message
):
    with pytest.raises(InvalidInput) as refused:
        upload_letter(delegation, upload=make_upload(content), by=focal_point, now=now)

    assert list(refused.value.messages) == ["file"]
    assert message in str(refused.value.message)
    assert (stored(media), NominationLetter.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-2.0\n%%EOF",
        b"\xef\xbb\xbf\r\n%PDF-1.3\nscan\n%%EOF\r\n\x00\x00\n",
        b"%PDF-1.7\n" + b"x" * (10 * MB - 14) + b"%%EOF",
    ],
)
def test_files_that_pdf_readers_accept_are_accepted(delegation, focal_point, now, content):
    assert upload_letter(delegation, upload=make_upload(content), by=focal_point, now=now).size == len(content)


def test_a_file_of_which_only_the_size_is_known_is_refused_by_it(delegation, focal_point, now):
    counted = UploadedFile(BytesIO(), name="huge.pdf", content_type="application/pdf", size=35 * MB)

    with pytest.raises(InvalidInput, match=r"This file has 35\.0"):
        upload_letter(delegation, upload=counted, by=focal_point, now=now)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Nota verbal N.º 12-2020.pdf", "Nota verbal N.º 12-2020.pdf"),
        ("NOTE.PDF", "NOTE.pdf"),
        ("../../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\ana\\letter.pdf", "letter.pdf"),
        ("letter.pdf.exe", "letter.pdf.exe.pdf"),
        ("letter\r\nSet-Cookie: a=b.pdf", "letter Set-Cookie: a=b.pdf"),
        ("exe.\u202efdp.tsil", "exe. fdp.tsil.pdf"),
        ("\x00\x07", "letter.pdf"),
        (".pdf", "letter.pdf"),
        ("..", "letter.pdf"),
        ("", "letter.pdf"),
        ("\ud800carta.pdf", "carta.pdf"),
        ("ñ" * 300 + ".pdf", "ñ" * 116 + ".pdf"),
    ],
)
def test_a_file_name_is_cleaned_and_always_ends_as_a_pdf_does(typed, shown):
    assert clean_file_name(typed) == shown


@given(hostile_texts)
def test_no_file_name_leads_anywhere_or_hides_anything(typed):
    name = clean_file_name(typed)

    assert name == os.path.basename(name)
    assert name.isprintable()
    assert name.endswith(".pdf")
    assert len(".pdf") < len(name) <= 120
    assert clean_file_name(name) == name


def test_a_hostile_file_name_is_used_only_as_the_name_of_the_letter(delegation, focal_point, now, media):
    upload = RawUpload("../../<b>x</b>\r\n.pdf", make_pdf())

    letter = upload_letter(delegation, upload=upload, by=focal_point, now=now)

    assert letter.name == "b>.pdf"
    assert Path(letter.file.path).parent == media / "letters"


# When, and by whom --------------------------------------------------------------------------------


def test_a_late_letter_is_welcome_until_the_last_session_ends(delegation, focal_point, now):
    Delegation.objects.update(status="accepted")

    late = upload_letter(delegation, upload=make_upload(), by=focal_point, now=now + AFTER_THE_CLOSING)
    with pytest.raises(WebinarOver):
        upload_letter(delegation, upload=make_upload(make_pdf("Later")), by=focal_point, now=now + AFTER_THE_WEBINAR)

    assert list(NominationLetter.objects.all()) == [late]
    assert Delegation.objects.get().status == "accepted"


def test_nothing_is_uploaded_before_registration_opens_but_by_staff(delegation, focal_point, staff, now, media):
    early = now + BEFORE_THE_OPENING

    with pytest.raises(RegistrationNotOpen):
        upload_letter(delegation, upload=make_upload(), by=focal_point, now=early)
    upload_letter(delegation, upload=make_upload(), by=staff, now=early)

    assert len(stored(media)) == 1


def test_staff_too_change_no_letter_after_the_webinar(delegation, staff, now):
    letter = make_letter(delegation, by=staff)

    with pytest.raises(WebinarOver):
        upload_letter(delegation, upload=make_upload(make_pdf("Late")), by=staff, now=now + AFTER_THE_WEBINAR)
    with pytest.raises(WebinarOver):
        remove_letter(letter, by=staff, now=now + AFTER_THE_WEBINAR)


def test_a_delegation_that_does_not_attend_takes_no_letter(delegation, focal_point, now, media):
    Delegation.objects.update(status="not_attending")

    with pytest.raises(NotPossibleNow):
        upload_letter(delegation, upload=make_upload(), by=focal_point, now=now)

    assert stored(media) == []


# Removed ------------------------------------------------------------------------------------------


def test_removing_erases_the_file_and_the_history_keeps_that_it_was_there(
    delegation, focal_point, now, media, django_capture_on_commit_callbacks
):
    letter = make_letter(delegation, by=focal_point, name="by mistake.pdf")

    with django_capture_on_commit_callbacks(execute=True):
        remove_letter(letter, by=focal_point, now=now)

    assert (NominationLetter.objects.count(), stored(media)) == (0, [])
    assert events()[1:] == [("letter_removed", focal_point, {"letter": ["by mistake.pdf", ""]})]


def test_a_file_goes_only_once_its_removal_is_committed(delegation, focal_point, now, media):
    letter = make_letter(delegation, by=focal_point)

    remove_letter(letter, by=focal_point, now=now)

    assert stored(media) == [make_pdf().decode()]


def test_removing_the_current_letter_brings_no_earlier_one_back(delegation, focal_point, now):
    earlier = make_letter(delegation, by=focal_point, text="Earlier")
    current = make_letter(delegation, by=focal_point, text="Current")

    remove_letter(current, by=focal_point, now=now)

    assert list(NominationLetter.objects.all()) == [earlier]
    assert not NominationLetter.objects.current().exists()


def test_removing_twice_changes_nothing(delegation, focal_point, now):
    letter = make_letter(delegation, by=focal_point)
    remove_letter(NominationLetter.objects.get(), by=focal_point, now=now)

    remove_letter(letter, by=focal_point, now=now)

    assert len(events()) == 2


def test_after_the_closing_only_staff_remove_letters(delegation, focal_point, staff, now):
    letter = make_letter(delegation, by=focal_point)

    with pytest.raises(RegistrationClosed, match="can still be replaced, but not removed"):
        remove_letter(letter, by=focal_point, now=now + AFTER_THE_CLOSING)
    remove_letter(letter, by=staff, now=now + AFTER_THE_CLOSING)

    assert not NominationLetter.objects.exists()


# Nothing is left behind ---------------------------------------------------------------------------


def test_a_transaction_that_fails_leaves_no_file(delegation, now, media):
    nobody_yet = User(email="not-saved@example.org", is_staff=True)

    with pytest.raises(ValueError, match="unsaved related object"):
        upload_letter(delegation, upload=make_upload(), by=nobody_yet, now=now)

    assert (NominationLetter.objects.count(), stored(media)) == (0, [])


@pytest.mark.parametrize("size", [150_000, 250_000])
def test_a_disk_that_is_full_keeps_no_part_of_a_letter_and_the_log_names_the_error(
    delegation, focal_point, now, media, size, caplog
):
    first = make_letter(delegation, by=focal_point)

    with largest_file(100_000), pytest.raises(FileNotStored) as refused:
        upload_letter(delegation, upload=make_upload(make_pdf("x" * size)), by=focal_point, now=now)

    assert refused.value.field == "file"
    assert "nothing was changed" in str(refused.value.message)
    assert list(NominationLetter.objects.current()) == [first]
    assert stored(media) == [make_pdf().decode()]
    assert errors_in(caplog) == [{"event": "file_not_stored", "errno": "EFBIG", "reason": "File too large"}]


@pytest.mark.skipif(
    not ANOTHER_DISK.is_dir() or ANOTHER_DISK.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev,
    reason="needs two disks",
)
@pytest.mark.parametrize(("size", "told"), [(120_000, "ENOSPC"), (250_000, "EFBIG")])
def test_a_letter_that_was_written_in_part_is_refused(
    delegation, focal_point, now, media, settings, size, told, caplog
):
    settings.FILE_UPLOAD_TEMP_DIR = str(ANOTHER_DISK)
    content = make_pdf("x" * size)
    with TemporaryUploadedFile("Nota verbal.pdf", "application/pdf", len(content), None) as upload:
        upload.write(content)
        upload.flush()

        # The last of several pieces is written in part, which is no error to whoever does not look.
        with largest_file(100_000), pytest.raises(FileNotStored):
            upload_letter(delegation, upload=upload, by=focal_point, now=now)

    assert stored(media) == []
    assert [line["errno"] for line in errors_in(caplog)] == [told]


def test_a_folder_that_is_not_writable_is_reported_and_changes_nothing(delegation, focal_point, now, media, caplog):
    media.write_text("a file in place of the directory")

    with pytest.raises(FileNotStored):
        upload_letter(delegation, upload=make_upload(), by=focal_point, now=now)

    assert NominationLetter.objects.count() == 0
    assert [line["errno"] for line in errors_in(caplog)] == ["ENOTDIR"]
    assert str(media) not in caplog.text


def test_a_delegation_has_one_current_letter(delegation, focal_point):
    make_letter(delegation, by=focal_point)

    with pytest.raises(IntegrityError), transaction.atomic():
        NominationLetter.objects.create(
            delegation=delegation, file="letters/other.pdf", name="x.pdf", size=1, uploaded_by=focal_point,
            uploaded_at=NOW,
        )  # fmt: skip
