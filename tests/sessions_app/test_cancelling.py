import pytest

from sessions_app.cancelling import cancel_webinar, preview_cancellation, restore_webinar
from sessions_app.editing import cancel_session
from sessions_app.models import Release, ReleasedSession, Webinar
from sessions_app.releases import ReleaseRefused, draft_of, release_webinar
from tests.factories import NOW, make_staff, make_webinar

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar() -> Webinar:
    """A webinar that was released once."""
    webinar = make_webinar()
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def takes_place(webinar: Webinar) -> dict[int, bool]:
    """Return, by session number, whether the latest release has it as taking place."""
    return {row.number: not row.is_cancelled for row in ReleasedSession.objects.filter(session__webinar=webinar)}


def test_cancelling_a_webinar_cancels_every_session_in_one_release(webinar: Webinar) -> None:
    staff = make_staff()

    release = cancel_webinar(webinar, by=staff, now=NOW, reason=" The hosts cannot come ")

    assert release is not None
    assert (release.number, release.released_by, release.note) == (2, staff, "The hosts cannot come")
    assert release.agenda["is_cancelled"]
    assert takes_place(webinar) == {1: False, 2: False}
    assert Webinar.objects.get().cancelled_at == NOW


def test_a_cancellation_releases_exactly_its_draft(webinar: Webinar) -> None:
    draft = preview_cancellation(webinar, now=NOW)

    release = cancel_webinar(webinar, by=None, now=NOW, reason="Postponed", shown_fingerprint=draft.fingerprint)

    assert [each.is_cancelled for each in draft.changes.sessions] == [True, True]
    assert release is not None
    assert release.agenda == draft.agenda.to_json()


def test_a_draft_that_was_changed_since_is_not_cancelled(webinar: Webinar) -> None:
    seen = preview_cancellation(webinar, now=NOW).fingerprint
    webinar.sessions.filter(number=1).update(title_en="Changed meanwhile")

    with pytest.raises(ReleaseRefused, match="Someone has changed the agenda"):
        cancel_webinar(webinar, by=None, now=NOW, reason="Postponed", shown_fingerprint=seen)

    assert Webinar.objects.get().cancelled_at is None
    assert takes_place(webinar) == {1: True, 2: True}


@pytest.mark.parametrize("reason", ["", "  "])
def test_cancelling_a_webinar_needs_a_reason(webinar: Webinar, reason: str) -> None:
    with pytest.raises(ReleaseRefused, match="reason"):
        cancel_webinar(webinar, by=None, now=NOW, reason=reason)

    assert Webinar.objects.get().cancelled_at is None


def test_cancelling_twice_is_refused_and_releases_nothing(webinar: Webinar) -> None:
    cancel_webinar(webinar, by=None, now=NOW, reason="Postponed")

    with pytest.raises(ReleaseRefused, match="already"):
        cancel_webinar(webinar, by=None, now=NOW, reason="Postponed")

    assert Release.objects.count() == 2


def test_a_webinar_that_was_never_public_is_cancelled_without_a_release() -> None:
    webinar = make_webinar()

    assert cancel_webinar(webinar, by=None, now=NOW, reason="Postponed") is None

    assert not Release.objects.exists()
    assert Webinar.objects.get().cancelled_at == NOW


def test_restoring_a_webinar_keeps_sessions_cancelled_that_were_cancelled_before(webinar: Webinar) -> None:
    cancel_session(webinar.sessions.get(number=2), now=NOW)
    cancel_webinar(webinar, by=None, now=NOW, reason="Postponed")

    restore_webinar(webinar)

    assert takes_place(webinar) == {1: False, 2: False}
    webinar.refresh_from_db()
    assert [change.number for change in draft_of(webinar).changes.sessions] == [1]
    release_webinar(webinar, by=None, now=NOW)
    assert takes_place(webinar) == {1: True, 2: False}
