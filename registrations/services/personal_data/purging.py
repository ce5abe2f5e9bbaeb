"""The daily purge: webinars past their purge date, idle accounts, orphaned files, traces of sign-ins, old mail."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

import structlog
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from registrations.models import HistoryEvent, HistoryKind, MailForAPerson, RegistrationPolicy
from registrations.queries import last_session_end
from registrations.services.personal_data.accounts import close_account, idle_accounts
from registrations.services.personal_data.anonymising import PersonalDataRows, anonymisers, personal_data_of
from registrations.services.personal_data.files import erase_orphans, orphaned_files
from sessions_app.models import Webinar

log = structlog.get_logger(__name__)

# The number of rows overwritten in one transaction, so that locks are held only briefly.
BATCH = 500
TRACES_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class PurgeResult:
    """How many rows were purged, or would be: by webinar and sort, and the numbers of accounts and orphaned files."""

    webinars: dict[str, dict[str, int]]
    accounts: int
    files: int


def due_policies(*, now: datetime) -> list[RegistrationPolicy]:
    """Return the policies whose purge date, in UTC, has come and whose last session is over."""
    rows = RegistrationPolicy.objects.filter(purge_on__lte=now.date(), purged_at=None).select_related("webinar")
    return [policy for policy in rows.order_by("purge_on", "pk") if _is_over(policy.webinar, now)]


def _is_over(webinar: Webinar, now: datetime) -> bool:
    end = last_session_end(webinar)
    return end is None or end <= now


def preview_purge(*, now: datetime) -> PurgeResult:
    """Return what `purge` would do now. Changes nothing."""
    return PurgeResult(
        webinars={policy.webinar.slug: personal_data_of(policy.webinar).counts() for policy in due_policies(now=now)},
        accounts=idle_accounts(now=now).count(),
        files=len(orphaned_files(now=now)),
    )


def purge(*, now: datetime) -> PurgeResult:
    """Purge everything that is due. A second or concurrent run finds less; an interrupted one can be continued."""
    webinars = {policy.webinar.slug: purge_webinar(policy.webinar, now=now) for policy in due_policies(now=now)}
    accounts = 0
    for account in idle_accounts(now=now):
        accounts += close_account(account, now=now)
    files = erase_orphans(now=now)
    _delete_sign_in_traces(now)
    MailForAPerson.objects.outdated(now).delete()
    log.info("purged", webinars=sorted(webinars), accounts=accounts, files=files)
    return PurgeResult(webinars=webinars, accounts=accounts, files=files)


def purge_webinar(webinar: Webinar, *, now: datetime) -> dict[str, int]:
    """Anonymise the people of `webinar` and return the number of rows by sort. Figures, answers and arrivals stay.

    Each batch is a transaction under the lock of the webinar's policy, so that two purges take turns. It stops if the
    purge date was moved later meanwhile.
    """
    counts = {}
    data, steps = personal_data_of(webinar), anonymisers(now)
    for sort, write in steps.items():
        counts[sort] = _write_in_batches(webinar, getattr(data, sort), write, now=now)
    with transaction.atomic():
        policy = _lock_due_policy(webinar, now)
        if policy is not None and not _has_rows_left(data):
            policy.purged_at = now
            policy.save(update_fields=["purged_at"])
            HistoryEvent.objects.create(webinar=webinar, kind=HistoryKind.PURGED, at=now)
    return counts


def _has_rows_left(data: PersonalDataRows) -> bool:
    """Whether rows are left that must be gone before the purge counts as finished."""
    sorts = (data.delegates, data.entries, data.letters, data.attendances, data.call_notes)
    return any(rows.exists() for rows in (*sorts, data.bounces, data.answers, data.mails, data.codes))


def _write_in_batches(
    webinar: Webinar, rows: "QuerySet[HistoryEvent]", write: Callable[[list[int]], None], *, now: datetime
) -> int:
    done, last = 0, 0
    while True:
        with transaction.atomic():
            if _lock_due_policy(webinar, now) is None:
                return done
            keys = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
            if not keys:
                return done
            write(keys)
        done, last = done + len(keys), keys[-1]


def _lock_due_policy(webinar: Webinar, now: datetime) -> RegistrationPolicy | None:
    """Lock and return the policy of `webinar` if its purge is due and not finished, else None. Needs a transaction."""
    due = RegistrationPolicy.objects.select_for_update().filter(purge_on__lte=now.date(), purged_at=None)
    return due.filter(webinar=webinar).first()


def _delete_sign_in_traces(now: datetime) -> None:
    """Delete expired sessions, and records of sign-ins that were last used 30 days ago."""
    UserSession.objects.filter(last_seen_at__lt=now - TRACES_KEPT_FOR).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
