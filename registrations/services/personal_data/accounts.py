"""Closing the accounts of former focal points."""

from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from registrations.models import Bounce, Delivery, FocalPoint, HistoryEvent, MailForAPerson, User
from registrations.services.personal_data.registry import ANONYMISED_DOMAIN, anonymised_values

# A removal may be a mistake that is corrected within this time.
MIN_REMOVED_FOR = timedelta(days=30)


def idle_accounts(*, now: datetime) -> "QuerySet[User]":
    """Return the accounts of former focal points that can be closed.

    They were removed from every body a month ago or earlier, have no role, and did not act at a webinar whose people
    are not anonymised yet (a webinar without a policy counts as one). Other accounts are closed by administrators.
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
    """Close `account` and anonymise it; return whether it was closed. The history keeps referring to its number.

    Ends its sessions and deletes what it signs in with. Unless the person asked for it, the account must still be idle,
    which is checked under the lock of its row.
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
    Bounce.objects.filter(delivery__user=current).update(**anonymised_values(Bounce))
    MailForAPerson.objects.filter(user=current).delete()
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
