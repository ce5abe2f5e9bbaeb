"""The page and the file of a nomination letter, and who may open them."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registrations.models import Delegation, NominationLetter, RegistrationPolicy, User
from registrations.queries import last_session_end
from registrations.services.letters import upload_letter
from tests.factories import (
    RawUpload,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_pdf,
    make_profiles,
    make_staff,
    make_upload,
    make_user,
)
from tests.registrations.views.delegation_pages import url

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings, clock) -> Path:
    """Use an empty upload directory, with the time frozen."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    return tmp_path / "media"


@pytest.fixture
def delegation() -> Delegation:
    return make_delegation(body=make_country("HN"))


@pytest.fixture
def owner_user(delegation) -> User:
    return make_focal_point(delegation.body, make_user(name="Ana Ejemplo")).user


@pytest.fixture
def owner(owner_user) -> Client:
    client = Client()
    client.force_login(owner_user)
    return client


def make_letter_of(
    delegation: Delegation, by: User, text: str = "Nomination", name: str = "Nota verbal.pdf"
) -> NominationLetter:
    return upload_letter(delegation, upload=make_upload(make_pdf(text), name=name), by=by, now=timezone.now())


def files(media: Path) -> list[Path]:
    return [path for path in media.rglob("*") if path.is_file()]


def test_an_uploaded_letter_is_shown_on_the_page_of_the_delegation(owner, delegation) -> None:
    answer = owner.post(url(delegation, "letter/"), {"file": make_upload()}, follow=True)

    text = answer.content.decode()
    assert answer.redirect_chain == [(url(delegation), 302)]
    assert "The letter is uploaded." in text
    assert url(delegation, f"letter/{NominationLetter.objects.get().pk}/") in text
    assert "Letter uploaded" in text


def test_the_file_is_a_sandboxed_download(owner, owner_user, delegation) -> None:
    letter = make_letter_of(delegation, owner_user, name='Nota "verbal" ñ.pdf')

    answer = owner.get(url(delegation, f"letter/{letter.pk}/"))

    assert b"".join(answer) == make_pdf()
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == ("attachment; filename*=utf-8''Nota%20%22verbal%22%20%C3%B1.pdf")
    assert answer["Content-Security-Policy"] == "sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_replaced_letters_stay_readable_to_the_country_and_to_staff(owner, owner_user, delegation) -> None:
    first = make_letter_of(delegation, owner_user, "First", name="first.pdf")
    make_letter_of(delegation, owner_user, "Second", name="second.pdf")
    staff = Client()
    staff.force_login(make_staff())

    page = owner.get(url(delegation, "letter/")).content.decode()
    contents = [b"".join(one.get(url(delegation, f"letter/{first.pk}/"))) for one in (owner, staff)]

    assert page.index("second.pdf") < page.index("Replaced letters") < page.index("first.pdf")
    assert page.count("Ana Ejemplo") == 2
    assert contents == [make_pdf("First")] * 2


@pytest.mark.parametrize(
    ("upload", "message"),
    [
        (None, "Please choose the file first."),
        (make_upload(b""), "This file is empty."),
        (make_upload(b"MZ\x90\x00" + b"\x00" * 9000, name="letter.pdf"), "This is not a PDF file"),
        (make_upload(b"<html><script>alert(1)</script>", name="letter.pdf"), "This is not a PDF file"),
        (make_upload(b"%PDF-1.4 " + b"x" * (12 << 20) + b"%%EOF"), "This file has 12.0\xa0MB"),
    ],
)
def test_an_invalid_file_is_refused_at_the_field_with_a_summary(owner, delegation, media, upload, message) -> None:
    if upload is not None:
        upload = SimpleUploadedFile(upload.name, upload.file.getvalue())

    answer = owner.post(url(delegation, "letter/"), {"file": upload} if upload else {})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count(message) == 2
    assert 'href="#id_file"' in text
    assert (files(media), NominationLetter.objects.count()) == ([], 0)


def test_a_file_posted_as_text_is_refused(owner, delegation) -> None:
    answer = owner.post(url(delegation, "letter/"), {"file": "%PDF-1.4 %%EOF"})

    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["../../../../etc/passwd", "..\\..\\boot.ini", "/etc/cron.d/x.pdf", "a\x00b.pdf"])
def test_no_file_name_escapes_the_letter_directory(owner, delegation, media, name) -> None:
    owner.post(url(delegation, "letter/"), {"file": RawUpload(name, make_pdf())})

    letter = NominationLetter.objects.get()
    assert [path.parent for path in files(media)] == [media / "letters"]
    assert Path(letter.file.path).name not in name
    assert "/" not in letter.name
    assert "\\" not in letter.name


def test_a_file_name_is_escaped_on_every_page(owner, owner_user, delegation) -> None:
    make_letter_of(delegation, owner_user, name="<img src=x onerror=alert(1)>.pdf")

    for rest in ("", "letter/"):
        text = owner.get(url(delegation, rest)).content.decode()
        assert "<img src=x" not in text
        assert "&lt;img src=x onerror=alert(1)&gt;.pdf" in text


@pytest.fixture
def attacker(delegation) -> tuple[Client, Delegation]:
    """The focal point of another country at the same webinar."""
    other = make_delegation(delegation.webinar, make_country("PA"))
    client = Client()
    client.force_login(make_focal_point(other.body).user)
    return client, other


def test_another_country_neither_reads_nor_changes_a_letter(attacker, owner_user, delegation, media) -> None:
    letter = make_letter_of(delegation, owner_user)
    client, own = attacker

    answers = [
        client.get(url(delegation, "letter/")),
        client.post(url(delegation, "letter/"), {"file": make_upload()}),
        client.get(url(delegation, f"letter/{letter.pk}/")),
        client.post(url(delegation, f"letter/{letter.pk}/remove/")),
        # The attacker's own slug with the id of the other country's letter.
        client.get(url(own, f"letter/{letter.pk}/")),
        client.post(url(own, f"letter/{letter.pk}/remove/")),
        client.get(url(own, "letter/99999999999999999999999/")),
        client.post(url(own, "letter/0/remove/")),
    ]

    assert [answer.status_code for answer in answers] == [404] * 8
    assert (list(NominationLetter.objects.all()), len(files(media))) == ([letter], 1)


def test_a_letter_is_served_only_by_the_view_that_checks_access(client, owner_user, delegation) -> None:
    letter = make_letter_of(delegation, owner_user)

    paths = [f"/{letter.file.name}", f"/media/{letter.file.name}", f"/static/{letter.file.name}"]

    assert {client.get(path).status_code for path in paths} == {404}
    assert client.get(url(delegation, f"letter/{letter.pk}/")).status_code == 302


def test_a_removed_focal_point_reads_no_letter(owner, owner_user, delegation) -> None:
    letter = make_letter_of(delegation, owner_user)
    owner_user.focal_points.update(removed_at=timezone.now())

    assert owner.get(url(delegation, f"letter/{letter.pk}/")).status_code == 404


def test_removing_a_letter_shows_a_message(
    owner, owner_user, delegation, media, django_capture_on_commit_callbacks
) -> None:
    letter = make_letter_of(delegation, owner_user, name="by mistake.pdf")
    assert owner.get(url(delegation, f"letter/{letter.pk}/remove/")).status_code == 405

    with django_capture_on_commit_callbacks(execute=True):
        answer = owner.post(url(delegation, f"letter/{letter.pk}/remove/"), follow=True)

    assert "“by mistake.pdf” is removed." in answer.content.decode()
    assert files(media) == []
    assert owner.post(url(delegation, f"letter/{letter.pk}/remove/")).status_code == 404


def test_a_letter_whose_file_is_missing_is_not_found(owner, owner_user, delegation) -> None:
    letter = make_letter_of(delegation, owner_user)
    Path(letter.file.path).unlink()

    assert owner.get(url(delegation, f"letter/{letter.pk}/")).status_code == 404


def test_a_missing_letter_is_shown_on_the_delegation_and_submission_pages(owner, delegation) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)
    for code in make_profiles():
        make_delegate(delegation, code)
        make_delegate(delegation, code)

    page = owner.get(url(delegation)).content.decode()
    before = owner.get(url(delegation, "submit/")).content.decode()
    refused = owner.post(url(delegation, "submit/"), {"version": 1})
    answer = owner.post(url(delegation, "submit/"), {"version": 1, "reason": "It is being signed."}, follow=True)

    assert "The nomination letter is missing." in page
    assert '<a href="#letter-title">the nomination letter</a>' in page
    assert "You can submit the delegation now" not in page
    assert "the nomination letter</a></li>" in before
    assert "The nomination letter is missing. Upload it, or give the reason and submit." in refused.content.decode()
    assert "The delegation is submitted. The secretariat decides" in answer.content.decode()


def test_naming_someone_says_that_the_letter_is_still_missing(owner, delegation) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)
    typed = {
        "name": "Ana Ejemplo",
        "email": "ana@example.org",
        "institution": "Instituto",
        "profile": make_profiles()["prosecutors"].pk,
        "language": "es",
        "timezone": "America/Tegucigalpa",
    }

    answer = owner.post(url(delegation, "delegates/new/"), typed, follow=True)

    assert "Investigation units (0 of 2), the nomination letter." in answer.content.decode()


def test_after_the_closing_a_letter_is_uploaded_and_not_removed(owner, owner_user, delegation, clock) -> None:
    letter = make_letter_of(delegation, owner_user)
    clock.move_to(delegation.webinar.policy.closes_at + timedelta(hours=1))
    owner.force_login(owner_user)

    page = owner.get(url(delegation, "letter/")).content.decode()
    better = owner.post(url(delegation, "letter/"), {"file": make_upload(make_pdf("Better"))})
    removed = owner.post(url(delegation, f"letter/{letter.pk}/remove/"), follow=True)

    assert ('type="file"' in page, "remove/" in page, better.status_code) == (True, False, 302)
    assert "can still be replaced, but not removed" in removed.content.decode()
    assert NominationLetter.objects.count() == 2


def test_after_the_last_session_the_page_is_a_record(owner, owner_user, delegation, clock) -> None:
    make_letter_of(delegation, owner_user)
    clock.move_to(last_session_end(delegation.webinar))
    owner.force_login(owner_user)

    page = owner.get(url(delegation, "letter/")).content.decode()
    late = owner.post(url(delegation, "letter/"), {"file": make_upload(make_pdf("Late"))})

    assert ("Nota verbal.pdf" in page, 'type="file"' in page) == (True, False)
    assert "The webinar is over" in late.content.decode()


def test_the_delegations_page_keeps_its_budget_with_letters(
    owner, owner_user, delegation, django_assert_max_num_queries
) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)
    owner.get(url(delegation))

    with django_assert_max_num_queries(12):
        owner.get(url(delegation))
    for number in range(5):
        make_letter_of(delegation, owner_user, f"Number {number}")
    with django_assert_max_num_queries(12):
        owner.get(url(delegation))


def test_the_secretariat_sees_letters_and_what_is_missing_in_the_admin(secretariat, owner_user, delegation) -> None:
    RegistrationPolicy.objects.update(requires_letter=True)
    change = reverse("admin:registrations_delegation_change", args=[delegation.pk])
    before = secretariat.get(change).content.decode()
    listed = secretariat.get(reverse("admin:registrations_delegation_changelist")).content.decode()
    board = secretariat.get(reverse("admin:quota-board", args=[delegation.webinar.slug])).content.decode()
    letter = make_letter_of(delegation, owner_user)

    after = secretariat.get(change).content.decode()

    assert "The letter is missing." in before
    assert "the nomination letter" in listed
    assert "letter missing" in board
    assert url(delegation, f"letter/{letter.pk}/") in after
    assert "the nomination letter" not in after


@pytest.fixture
def all_logs(caplog) -> Iterator[object]:
    with caplog.at_level("DEBUG"):
        yield caplog


def test_logs_name_neither_the_file_nor_its_path(owner, delegation, all_logs) -> None:
    owner.post(url(delegation, "letter/"), {"file": make_upload(name="Ministra Ejemplo.pdf")})
    letter = NominationLetter.objects.get()
    owner.get(url(delegation, f"letter/{letter.pk}/")).close()

    ours = "\n".join(record.getMessage() for record in all_logs.records if not record.name.startswith("django.db"))

    assert "letter-file" in ours
    assert [word for word in ("Ministra", letter.file.name) if word in ours] == []
