"""Cancels a whole webinar by one release, after which no notice or reminder is sent (rule 12)."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext_lazy

from sessions_app.agenda import latest_release
from sessions_app.models import Release, Webinar
from sessions_app.releases import Draft, ReleaseRefused, draft_of, release_webinar


def preview_cancellation(webinar: Webinar, *, now: datetime) -> Draft:
    """Return what `cancel_webinar` would make public, other unreleased changes included. Six queries."""
    cancelled = Webinar.objects.get(pk=webinar.pk)
    cancelled.cancelled_at = now
    return draft_of(cancelled)


@transaction.atomic
def cancel_webinar(
    webinar: Webinar, *, by: AbstractBaseUser | None, now: datetime, reason: str, shown_fingerprint: str = ""
) -> Release | None:
    """Cancel every session of `webinar` in one release, which mails everyone whose calendar holds one.

    Before the first release the webinar is only marked as cancelled, and None is returned. Locks the webinar's row.
    `reason` becomes the note of the release; `shown_fingerprint` is the fingerprint of the draft that the user saw.
    Raises ReleaseRefused, without any change, if the webinar is cancelled already, if `reason` is blank, or if the
    draft is not the one that was seen.
    """
    locked = Webinar.objects.select_for_update().get(pk=webinar.pk)
    if not reason.strip():
        raise ReleaseRefused(gettext_lazy("Please give a reason."))
    if locked.cancelled_at is not None:
        raise ReleaseRefused(gettext_lazy("This webinar is cancelled already."))
    Webinar.objects.filter(pk=locked.pk).update(cancelled_at=now)
    if latest_release(locked) is None:
        return None
    return release_webinar(locked, by=by, now=now, note=reason.strip(), shown_fingerprint=shown_fingerprint)


def restore_webinar(webinar: Webinar) -> None:
    """Undo the cancellation; the next release makes that public. Sessions cancelled one by one stay cancelled."""
    Webinar.objects.filter(pk=webinar.pk).update(cancelled_at=None)
