"""The daily end of personal data: of webinars whose date has come, of accounts that are nobody's, of traces."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

import structlog
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from registrations.models import HistoryEvent, HistoryKind, RegistrationPolicy
from registrations.queries import last_session_end
from registrations.services.personal_data.accounts import close_account, idle_accounts
from registrations.services.personal_data.anonymising import PersonalDataRows, anonymisers, personal_data_of
from registrations.services.personal_data.files import erase_orphans, orphaned_files
from sessions_app.models import Webinar

log = structlog.get_logger(__name__)

# Rows of one sort in one transaction: nobody waits long for what it locks.
BATCH = 500
TRACES_KEPT_FOR = timedelta(days=30)


@dataclass(frozen=True)
class PurgeResult:
    """What ended, or would: counts by sort for each webinar, and of accounts and files without a row."""

    webinars: dict[str, dict[str, int]]
    accounts: int
    files: int


def due_policies(*, now: datetime) -> list[RegistrationPolicy]:
    """Those whose day has come (by UTC, as for the links of participants) and whose last session is over."""
    rows = RegistrationPolicy.objects.filter(purge_on__lte=now.date(), purged_at=None).select_related("webinar")
    return [policy for policy in rows.order_by("purge_on", "pk") if _is_over(policy.webinar, now)]


def _is_over(webinar: Webinar, now: datetime) -> bool:
    end = last_session_end(webinar)
    return end is None or end <= now


def preview_purge(*, now: datetime) -> PurgeResult:
    """What `purge` would end now. Changes nothing."""
    return PurgeResult(
        webinars={policy.webinar.slug: personal_data_of(policy.webinar).counts() for policy in due_policies(now=now)},
        accounts=idle_accounts(now=now).count(),
        files=len(orphaned_files(now=now)),
    )


def purge(*, now: datetime) -> PurgeResult:
    """End what is due. A second run, or another one at the same time, finds less or nothing; broken off, it goes on
    where it stood."""
    webinars = {policy.webinar.slug: purge_webinar(policy.webinar, now=now) for policy in due_policies(now=now)}
    accounts = 0
    for account in idle_accounts(now=now):
        accounts += close_account(account, now=now)
    files = erase_orphans(now=now)
    _delete_sign_in_traces(now)
    log.info("purged", webinars=sorted(webinars), accounts=accounts, files=files)
    return PurgeResult(webinars=webinars, accounts=accounts, files=files)


def purge_webinar(webinar: Webinar, *, now: datetime) -> dict[str, int]:
    """Anonymise the people of `webinar`; how many rows of each sort. Figures, answers and arrivals stay.

    One transaction for each batch, under the lock of the webinar's policy, so that two purges take turns. Where the
    date was moved ahead meanwhile nothing more ends.
    """
    counts = {}
    data, steps = personal_data_of(webinar), anonymisers(now)
    for sort, write in steps.items():
        counts[sort] = _in_batches(webinar, getattr(data, sort), write, now=now)
    with transaction.atomic():
        policy = _locked_due(webinar, now)
        if policy is not None and not any(_left(data)):
            policy.purged_at = now
            policy.save(update_fields=["purged_at"])
            HistoryEvent.objects.create(webinar=webinar, kind=HistoryKind.PURGED, at=now)
    return counts


def _left(data: PersonalDataRows) -> list[bool]:
    return [
        data.delegates.exists(),
        data.entries.exists(),
        data.letters.exists(),
        data.attendances.exists(),
    ]


def _in_batches(
    webinar: Webinar, rows: "QuerySet[HistoryEvent]", write: Callable[[list[int]], None], *, now: datetime
) -> int:
    done, last = 0, 0
    while True:
        with transaction.atomic():
            if _locked_due(webinar, now) is None:
                return done
            keys = list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH])
            if not keys:
                return done
            write(keys)
        done, last = done + len(keys), keys[-1]


def _locked_due(webinar: Webinar, now: datetime) -> RegistrationPolicy | None:
    """The locked policy of `webinar` while its people are to be anonymised. Needs a transaction."""
    due = RegistrationPolicy.objects.select_for_update().filter(purge_on__lte=now.date(), purged_at=None)
    return due.filter(webinar=webinar).first()


def _delete_sign_in_traces(now: datetime) -> None:
    """Sessions that have expired, and from where somebody signed in a month ago."""
    UserSession.objects.filter(last_seen_at__lt=now - TRACES_KEPT_FOR).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
