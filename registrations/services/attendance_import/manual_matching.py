"""Matching people in a report with delegates by hand."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from registrations.exceptions import NotPossibleNow
from registrations.models import Attendance, Delegate, HistoryEvent, HistoryKind, MatchedBy, User
from registrations.services.registration_window import check_not_purged
from sessions_app.models import Session

# The possible answers besides a delegate's id.
NOBODY = "nobody"
NOT_YET = ""


@transaction.atomic
def match_manually(session: Session, *, answers: Mapping[int, str], by: User, now: datetime) -> int:
    """Store which delegate each attendance belongs to: `answers` maps its id to a delegate's id, NOBODY or NOT_YET.

    Returns how many changed. No later import changes these answers, except NOT_YET, which leaves the decision to it.
    Locks the session like an import. Raises NotPossibleNow for a delegate of another webinar, and from the webinar's
    purge date on.
    """
    check_not_purged(session.webinar, now=now)
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    rows = Attendance.objects.filter(session=session, pk__in=answers)
    wanted = {int(answer) for answer in answers.values() if answer not in (NOBODY, NOT_YET)}
    people = {
        delegate.pk: delegate for delegate in Delegate.objects.filter(webinar_id=session.webinar_id, pk__in=wanted)
    }
    if wanted - people.keys():
        raise NotPossibleNow(_("One of the people chosen is not of this webinar. Please choose again."))
    changed = []
    for row in rows.order_by("pk"):
        answer = answers[row.pk]
        before = (row.delegate_id, row.matched_by)
        row.delegate = people.get(int(answer)) if answer not in (NOBODY, NOT_YET) else None
        row.matched_by = {NOBODY: MatchedBy.NOBODY, NOT_YET: MatchedBy.NOTHING}.get(answer, MatchedBy.HAND)
        if (row.delegate_id, row.matched_by) != before:
            changed.append(row)
    Attendance.objects.bulk_update(changed, ["delegate", "matched_by"])
    HistoryEvent.objects.bulk_create(
        HistoryEvent(
            webinar_id=session.webinar_id,
            delegate=row.delegate,
            kind=HistoryKind.ATTENDANCE_MATCHED,
            actor=by,
            at=now,
            changes={"session": [None, session.number], "attendance": [None, row.pk]},
        )
        for row in changed
    )
    return len(changed)
