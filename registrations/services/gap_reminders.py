"""Sends gap reminders: notices of what is missing that staff send besides those of the rules."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.exceptions import NotPossibleNow, RecipientCountChanged, RuleBroken
from registrations.models import Delegation, Delivery, DeliveryKind, GapReminder, HistoryEvent, HistoryKind, User
from registrations.queries.gap_reminders import countries_with_gaps
from registrations.queries.reminders import webinars_that_remind
from registrations.services.history import new_event
from registrations.services.nudge import nudge_planner
from registrations.services.registration_window import check_not_purged
from registrations.services.test_sends import LANGUAGES, owe_test_sends
from sessions_app.models import Webinar


@transaction.atomic
def remind_countries(
    webinar: Webinar, *, delegations: Collection[int], count: int, is_meant_again: bool, by: User, now: datetime
) -> GapReminder:
    """Owe each focal point of `delegations`, given by id, a gap notice.

    The deliveries are inserted in this transaction, so that there are `count`, the number that `by` confirmed. Raises
    NotPossibleNow if the webinar sends no gap reminders, no delegation is chosen or nobody can be mailed;
    RecipientCountChanged if a delegation lacks nothing by now or the number differs; RuleBroken if a country was
    reminded within a day and `is_meant_again` is not set. Locks the webinar, so that of two calls at once the
    second sees what the first sent.
    """
    # Without its key: rows that refer to the webinar can be inserted meanwhile.
    webinar = Webinar.objects.select_for_update(no_key=True).get(pk=webinar.pk)
    check_gap_reminder(webinar, now=now)
    if not delegations:
        raise NotPossibleNow(_("Please choose at least one country."))
    found = [country for country in countries_with_gaps(webinar) if country.delegation.pk in delegations]
    chosen = [country for country in found if country.focal_points]
    present = sum(len(country.focal_points) for country in chosen)
    if not present:
        raise NotPossibleNow(_("None of these countries lacks anything and has a focal point who can be written to."))
    if len(found) < len(set(delegations)):
        raise RecipientCountChanged(
            _(
                "Some of these countries lack nothing by now, wait for a decision or do not attend. Please look at who "
                "is left, and confirm again."
            )
        )
    if present != count:
        text = ngettext(
            "It would now be %(count)s mail, and not the number that was shown. Please look at it, and confirm again.",
            "It would now be %(count)s mails, and not the number that was shown. Please look at it, and confirm again.",
            present,
        )
        raise RecipientCountChanged(text % {"count": present})
    if not is_meant_again and any(country.is_reminded_within_a_day(now) for country in chosen):
        raise RuleBroken(
            _("Some of these countries were told within the last day. Please confirm that they are told once more."),
            field="again",
        )
    gap_reminder = GapReminder.objects.create(
        webinar=webinar, confirmed_at=now, confirmed_by=by, body_count=len(chosen), confirmed_count=present
    )
    Delivery.objects.bulk_create(
        _new_notice(gap_reminder, country.delegation, user, now) for country in chosen for user in country.focal_points
    )
    HistoryEvent.objects.bulk_create(
        new_event(
            HistoryKind.CHASED,
            delegation=country.delegation,
            by=by,
            now=now,
            changes={"recipients": [None, len(country.focal_points)]},
        )
        for country in chosen
    )
    nudge_planner()
    return gap_reminder


def check_gap_reminder(webinar: Webinar, *, now: datetime) -> None:
    """Raise NotPossibleNow if `webinar` does not remind of gaps at `now`. Two queries."""
    check_not_purged(webinar, now=now)
    if not webinars_that_remind(now=now).filter(pk=webinar.pk).exists():
        raise NotPossibleNow(
            _(
                "Countries are reminded while registration is open, of a webinar that is released, not cancelled and "
                "not over."
            )
        )


@transaction.atomic
def send_test_of_gap_notice(delegation: Delegation, *, by: User, now: datetime) -> int:
    """Owe `by` the gap notice of `delegation` as a test send in each language; return how many."""
    return owe_test_sends(
        LANGUAGES, of=f"gap:{delegation.pk}", webinar=delegation.webinar, by=by, now=now, delegation=delegation
    )


def _new_notice(gap_reminder: GapReminder, delegation: Delegation, user: User, now: datetime) -> Delivery:
    key = f"gap:chase:{gap_reminder.pk}:{delegation.pk}:{user.pk}"
    return Delivery.to_account(
        user,
        key=key,
        kind=DeliveryKind.GAP_NOTICE,
        at=now,
        webinar_id=delegation.webinar_id,
        delegation=delegation,
        gap_reminder=gap_reminder,
    )
