"""Creating a webinar as a copy of another one, with the registration side of its setup."""

from datetime import date, datetime, timedelta

from django.db import transaction

from registrations.models import Delegation, GapNoticeRule, Quota, QuotaException, RegistrationPolicy, ReminderRule
from sessions_app.bilingual import Bilingual
from sessions_app.cloning import Clone, clone_agenda, moved_by_days
from sessions_app.models import Webinar


@transaction.atomic
def clone_webinar(webinar: Webinar, *, slug: str, title: Bilingual, starts_on: date, now: datetime) -> Webinar:
    """Create a webinar like `webinar` whose first session is on `starts_on`: unreleased, without rooms and not open.

    Quotas with exceptions, reminder rules, gap notice rules and the policy are copied, with their days moved like the
    sessions. Each participating body gets an empty draft delegation; people and decisions are not copied. Nothing is
    mailed before someone sets an opening date and releases the agenda. Raises CloneRefused, with nothing created, like
    `clone_agenda`.
    """
    clone = clone_agenda(webinar, slug=slug, title=title, starts_on=starts_on, now=now)
    _clone_policy(webinar, clone, now=now)
    _clone_quotas(webinar, clone)
    copy_rules(webinar, clone.webinar, now=now)
    for body in webinar.delegations.order_by("pk").values_list("body", flat=True):
        # Saved one by one, because `save` computes a delegation's slug.
        Delegation.objects.create(webinar=clone.webinar, body_id=body)
    return clone.webinar


def copy_rules(webinar: Webinar, copy: Webinar, *, now: datetime) -> None:
    """Copy the rules for reminders and gap notices of `webinar` to `copy`."""
    ReminderRule.objects.bulk_create(
        ReminderRule(
            webinar=copy,
            amount=rule.amount,
            unit=rule.unit,
            moment=rule.moment,
            recipients=rule.recipients,
            scope=rule.scope,
            created_at=now,
        )
        for rule in webinar.reminder_rules.all()
    )
    GapNoticeRule.objects.bulk_create(
        GapNoticeRule(webinar=copy, days_before=rule.days_before, created_at=now)
        for rule in webinar.gap_notice_rules.all()
    )


def _clone_quotas(webinar: Webinar, clone: Clone) -> None:
    """Copy quotas and their exceptions; an exception keeps its reason, author and time."""
    quotas = Quota.objects.bulk_create(
        Quota(webinar=clone.webinar, profile_id=quota.profile_id, minimum=quota.minimum, maximum=quota.maximum)
        for quota in webinar.quotas.all()
    )
    by_profile = {quota.profile_id: quota for quota in quotas}
    QuotaException.objects.bulk_create(
        QuotaException(
            quota=by_profile[exception.quota.profile_id],
            body_id=exception.body_id,
            minimum=exception.minimum,
            maximum=exception.maximum,
            reason=exception.reason,
            made_by_id=exception.made_by_id,
            made_at=exception.made_at,
        )
        for exception in QuotaException.objects.filter(quota__webinar=webinar).select_related("quota")
    )


def _clone_policy(webinar: Webinar, clone: Clone, *, now: datetime) -> None:
    policy = RegistrationPolicy.objects.filter(webinar=webinar).first()
    if policy is None:
        return
    closes_at = moved_by_days(policy.closes_at, webinar.timezone, clone.days)
    if closes_at <= now:
        # The copied date would be in the past. The secretariat can change it when it opens registration.
        closes_at = clone.webinar.sessions.earliest("starts_at").starts_at
    RegistrationPolicy.objects.create(
        webinar=clone.webinar,
        opens_at=None,
        closes_at=closes_at,
        accepts_complete_at_once=policy.accepts_complete_at_once,
        requires_letter=policy.requires_letter,
        minimum_stay_minutes=policy.minimum_stay_minutes,
        purge_on=policy.purge_on + timedelta(days=clone.days),
    )
