"""Accounts of people who registered for a country and do so no longer."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from registrations.models import Delivery, FocalPoint, HistoryEvent, User
from registrations.services.personal_data.registry import ANONYMISED_DOMAIN, anonymised_values

# So long a removal can be a mistake that somebody mends.
MIN_REMOVED_FOR = timedelta(days=30)


def idle_accounts(*, now: datetime) -> "QuerySet[User]":
    """Those of former focal points: removed from every body a month ago at least, without a right of their own, and
    without a step at a webinar whose people are still known (a webinar without a policy is one).

    An account that never was a focal point's is the administrators' to close.
    """
    theirs = FocalPoint.objects.filter(user=OuterRef("pk"))
    lately = theirs.filter(removed_at__gt=now - MIN_REMOVED_FOR)
    acted = HistoryEvent.objects.filter(actor=OuterRef("pk"), webinar__policy__purged_at__isnull=True)
    return (
        User.objects.filter(Exists(theirs), is_staff=False, is_superuser=False, is_observer=False)
        .exclude(email__endswith=ANONYMISED_DOMAIN)
        .exclude(Exists(theirs.filter(removed_at__isnull=True)))
        .exclude(Exists(lately))
        .exclude(Exists(acted))
        .order_by("pk")
    )


@transaction.atomic
def close_account(account: User, *, now: datetime, is_asked_for: bool = False) -> bool:
    """Close `account` and let it say nothing about the person; whether it did. The history keeps naming its number.

    Unless the person themselves asked, only while it is still idle. Their sessions end, and what they sign in with.
    """
    rows = User.objects.select_for_update().filter(pk=account.pk).exclude(email__endswith=ANONYMISED_DOMAIN)
    if not is_asked_for and not idle_accounts(now=now).filter(pk=account.pk).exists():
        return False
    current = rows.first()
    if current is None:
        return False
    for session in UserSession.objects.filter(user=current):
        session.end()
    for model in (EmailAddress, Authenticator):
        model.objects.filter(user=current).delete()
    _empty_log_about(current)
    Delivery.objects.filter(user=current).exclude(email__endswith=ANONYMISED_DOMAIN).update(
        **anonymised_values(Delivery)
    )
    User.objects.filter(pk=current.pk).update(**anonymised_values(User), is_active=False)
    return True


def _empty_log_about(account: User) -> None:
    keys = {
        User: [str(account.pk)],
        FocalPoint: FocalPoint.objects.filter(user=account).annotate(key=Cast("pk", CharField())).values("key"),
    }
    for model, rows in keys.items():
        about = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(model), object_id__in=rows)
        about.update(object_repr=f"#{account.pk}", change_message="")
