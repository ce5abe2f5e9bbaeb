"""Two letters of one delegation at the same moment, on PostgreSQL with real locks."""

from functools import partial
from pathlib import Path

import pytest

from registrations.models import HistoryEvent, NominationLetter
from registrations.services.letters import remove_letter, upload_letter
from tests.factories import make_delegation, make_pdf, make_upload, make_user
from tests.races import kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = 50


@pytest.fixture(autouse=True)
def media(tmp_path: Path, settings) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def test_of_two_uploads_at_once_one_is_current_and_the_other_history(now, media):
    delegation, one, other = make_delegation(), make_user(), make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            uploads = [make_upload(make_pdf(f"{number} {side}")) for side in "ab"]

            outcomes = race(
                partial(upload_letter, delegation, upload=uploads[0], by=one, now=now),
                partial(upload_letter, delegation, upload=uploads[1], by=other, now=now),
            )

            assert kinds_of(outcomes) == ["done", "done"]
            assert NominationLetter.objects.current().count() == 1
            assert NominationLetter.objects.count() == 2 * (number + 1)
    assert len(list(media.rglob("*.pdf"))) == 2 * ROUNDS


def test_the_same_letter_sent_twice_at_once_is_kept_once(now, media):
    delegation, user = make_delegation(), make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            content = make_pdf(str(number))

            race(
                partial(upload_letter, delegation, upload=make_upload(content), by=user, now=now),
                partial(upload_letter, delegation, upload=make_upload(content), by=user, now=now),
            )

            assert NominationLetter.objects.count() == number + 1
            assert HistoryEvent.objects.count() == number + 1
    assert len(list(media.rglob("*.pdf"))) == ROUNDS


def test_a_removal_meets_a_replacement_and_no_file_is_lost_or_left(now, media):
    delegation, user = make_delegation(), make_user()

    with two_writers() as race:
        for number in range(ROUNDS):
            letter = upload_letter(delegation, upload=make_upload(make_pdf(f"{number} a")), by=user, now=now)

            outcomes = race(
                partial(remove_letter, letter, by=user, now=now),
                partial(upload_letter, delegation, upload=make_upload(make_pdf(f"{number} b")), by=user, now=now),
            )

            assert kinds_of(outcomes) == ["done", "done"]
            assert NominationLetter.objects.current().get().digest != letter.digest
    names = {Path(path).name for path in NominationLetter.objects.values_list("file", flat=True)}
    assert {path.name for path in media.rglob("*.pdf")} == names
