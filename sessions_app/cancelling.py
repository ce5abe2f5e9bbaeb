"""Cancelling a whole webinar: one release that cancels every session, and stops all chasing (rule 12)."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext_lazy

from sessions_app.agenda import latest_release
from sessions_app.models import Release, Webinar
from sessions_app.releases import Draft, ReleaseRefused, draft_of, release_webinar


def draft_of_cancellation(webinar: Webinar, *, now: datetime) -> Draft:
    """What `cancel_webinar` would make public, with whatever else is not released yet. Four queries."""
    cancelled = Webinar.objects.get(pk=webinar.pk)
    cancelled.cancelled_at = now
    return draft_of(cancelled)


@transaction.atomic
def cancel_webinar(
    webinar: Webinar, *, by: AbstractBaseUser | None, now: datetime, reason: str, seen: str = ""
) -> Release | None:
    """Cancel every session of `webinar` in one release; everyone who holds one is told.

    Before the first release there is nothing public to take back: it is only marked, and None is returned. Locks the
    webinar's row. Raises ReleaseRefused, without any change, where it is cancelled already, for a blank `reason` (the
    note of the release), or where the agenda is not the one that was `seen`.
    """
    locked = Webinar.objects.select_for_update().get(pk=webinar.pk)
    if not reason.strip():
        raise ReleaseRefused(gettext_lazy("Please give a reason."))
    if locked.cancelled_at is not None:
        raise ReleaseRefused(gettext_lazy("This webinar is cancelled already."))
    Webinar.objects.filter(pk=locked.pk).update(cancelled_at=now)
    if latest_release(locked) is None:
        return None
    return release_webinar(locked, by=by, now=now, note=reason.strip(), seen=seen)


def restore_webinar(webinar: Webinar) -> None:
    """Take the cancellation back; the next release makes it public. Sessions cancelled by themselves stay so."""
    Webinar.objects.filter(pk=webinar.pk).update(cancelled_at=None)
