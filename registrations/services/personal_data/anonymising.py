"""Overwriting rows so that they do not identify anybody. Each function can be repeated without further effect."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Case, CharField, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from registrations.models import (
    Announcement,
    Attendance,
    Bounce,
    CalendarAnswer,
    CalendarEntry,
    CallNote,
    Delegate,
    Delegation,
    Delivery,
    DeliveryState,
    HistoryEvent,
    MailForAPerson,
    NominationLetter,
    QuotaException,
    VerificationCode,
    Waiver,
)
from registrations.services.personal_data.registry import (
    ANONYMISED_DOMAIN,
    IDENTIFYING_CHANGES,
    IMPERSONAL_CHANGES,
    anonymised_values,
)
from sessions_app.models import Webinar

Keys = list[int]

# No file is ever stored below this path. `file` is unique, so each row gets a path of its own.
ERASED_FILES = "erased/"


@dataclass(frozen=True)
class PersonalDataRows:
    """The rows that contain personal data of a webinar or of a person, by sort."""

    delegates: "QuerySet[Delegate]"
    entries: "QuerySet[CalendarEntry]"
    deliveries: "QuerySet[Delivery]"
    events: "QuerySet[HistoryEvent]"
    letters: "QuerySet[NominationLetter]"
    delegations: "QuerySet[Delegation]"
    waivers: "QuerySet[Waiver]"
    exceptions: "QuerySet[QuotaException]"
    announcements: "QuerySet[Announcement]"
    attendances: "QuerySet[Attendance]"
    call_notes: "QuerySet[CallNote]"
    bounces: "QuerySet[Bounce]"
    answers: "QuerySet[CalendarAnswer]"
    mails: "QuerySet[MailForAPerson]"
    codes: "QuerySet[VerificationCode]"

    def counts(self) -> dict[str, int]:
        """Return how many rows there are by sort; what staff and countries wrote as free text is "texts"."""
        return {
            "delegates": self.delegates.count(),
            "entries": self.entries.count(),
            "deliveries": self.deliveries.count(),
            "events": self.events.count(),
            "letters": self.letters.count(),
            "attendances": self.attendances.count(),
            "codes": self.codes.count(),
            "incoming": sum(rows.count() for rows in (self.bounces, self.answers, self.mails)),
            "texts": sum(
                texts.count()
                for texts in (self.delegations, self.waivers, self.exceptions, self.announcements, self.call_notes)
            ),
        }


def personal_data_of(webinar: Webinar) -> PersonalDataRows:
    """Return the rows that still contain personal data of the people of `webinar`."""
    deliveries = Delivery.objects.filter(
        Q(session__webinar=webinar)
        | Q(delegate__webinar=webinar)
        | Q(delegation__webinar=webinar)
        | Q(event__webinar=webinar)
    )
    reasons = Q(gap_reason="") & Q(decision_comment="") & Q(not_attending_reason="")
    return PersonalDataRows(
        delegates=Delegate.objects.filter(webinar=webinar, anonymised_at=None),
        entries=CalendarEntry.objects.filter(session__webinar=webinar).exclude(address__endswith=ANONYMISED_DOMAIN),
        deliveries=deliveries.exclude(email__endswith=ANONYMISED_DOMAIN),
        events=HistoryEvent.objects.filter(webinar=webinar).exclude(reason="", changes={}),
        letters=NominationLetter.objects.filter(delegation__webinar=webinar).exclude(file__startswith=ERASED_FILES),
        delegations=Delegation.objects.filter(webinar=webinar).exclude(reasons),
        waivers=Waiver.objects.filter(delegation__webinar=webinar).exclude(**anonymised_values(Waiver)),
        exceptions=QuotaException.objects.filter(quota__webinar=webinar).exclude(**anonymised_values(QuotaException)),
        announcements=Announcement.objects.filter(webinar=webinar).exclude(**anonymised_values(Announcement)),
        attendances=Attendance.objects.filter(session__webinar=webinar).exclude(name="", address=""),
        call_notes=CallNote.objects.filter(delegation__webinar=webinar),
        bounces=Bounce.objects.filter(delivery__in=deliveries).exclude(address=""),
        answers=CalendarAnswer.objects.filter(entry__session__webinar=webinar).exclude(comment="", from_address=""),
        mails=MailForAPerson.objects.filter(delegate__webinar=webinar),
        codes=VerificationCode.objects.filter(event__webinar=webinar).exclude(facts={}),
    )


def anonymisers(now: datetime) -> Mapping[str, Callable[[Keys], None]]:
    """Return, by field of PersonalDataRows, the function that overwrites rows of given keys in a transaction."""
    return {
        "delegates": partial(_anonymise_delegates, now=now),
        "entries": _anonymise_entries,
        "deliveries": _anonymise_deliveries,
        "events": _anonymise_events,
        "letters": _erase_letters,
        "delegations": partial(_overwrite, Delegation),
        "waivers": partial(_overwrite, Waiver),
        "exceptions": partial(_overwrite, QuotaException),
        "announcements": partial(_overwrite, Announcement),
        "attendances": partial(_overwrite, Attendance),
        "call_notes": partial(_delete, CallNote),
        "bounces": partial(_overwrite, Bounce),
        "answers": partial(_overwrite, CalendarAnswer),
        "mails": partial(_delete, MailForAPerson),
        "codes": partial(_overwrite, VerificationCode),
    }


def _overwrite(model: Any, keys: Keys) -> None:
    model.objects.filter(pk__in=keys).update(**anonymised_values(model))


def _delete(model: Any, keys: Keys) -> None:
    model.objects.filter(pk__in=keys).delete()


def _anonymise_delegates(keys: Keys, *, now: datetime) -> None:
    """Overwrite delegates and invalidate all their links, even if the purge date is moved later."""
    rows = Delegate.objects.filter(pk__in=keys)
    rows.update(
        **anonymised_values(Delegate),
        # The programme is public and names its speakers, so the link would identify the person.
        speaker=None,
        # The same holds for who heads a delegation.
        is_head_of_delegation=False,
        anonymised_at=now,
        version=F("version") + 1,
        # The last token of a person who left still opens an empty calendar. Adding two invalidates it as well.
        token_version=F("token_version") + 2,
    )


def _anonymise_entries(keys: Keys) -> None:
    _overwrite(CalendarEntry, keys)


def _anonymise_deliveries(keys: Keys) -> None:
    """Overwrite deliveries and give up unsent ones: they are superseded, and need no attention.

    A delivery that was sent once and is waiting or failed after a resend counts as sent.
    """
    rows = Delivery.objects.filter(pk__in=keys)
    final_state = Case(
        When(sent_at__isnull=False, then=Value(DeliveryState.SENT)), default=Value(DeliveryState.SUPERSEDED)
    )
    rows.exclude(state=DeliveryState.SENT).update(state=final_state, claim_token=None, lease_expires_at=None)
    rows.filter(key__contains="@").update(
        key=Concat(Value("anonymised:"), Cast("pk", CharField()), output_field=CharField())
    )
    _overwrite(Delivery, keys)


def _anonymise_events(keys: Keys) -> None:
    events = list(HistoryEvent.objects.filter(pk__in=keys).order_by("pk"))
    for event in events:
        event.reason = ""
        event.changes = without_values(event.changes)
    HistoryEvent.objects.bulk_update(events, ["reason", "changes"])


def without_values(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return `changes` with empty values: the history keeps that a name changed, but not the names."""
    return {
        key: value if key in IMPERSONAL_CHANGES else ["", ""]
        for key, value in changes.items()
        if key not in IDENTIFYING_CHANGES
    }


def _erase_letters(keys: Keys) -> None:
    """Overwrite letters, and delete their files after the commit; `orphaned_files` finds a file that is left."""
    rows = NominationLetter.objects.filter(pk__in=keys)
    for name in rows.values_list("file", flat=True):
        transaction.on_commit(partial(default_storage.delete, name), robust=True)
    rows.update(
        **anonymised_values(NominationLetter),
        file=Concat(Value(ERASED_FILES), Cast("pk", CharField()), output_field=CharField()),
    )
