"""What the receipt of a submitted delegation states, and which submissions have one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from registrations.models import (
    Delegate,
    Delegation,
    DelegationStatus,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    VerificationCode,
    read_code,
)
from registrations.queries.delegation_page import history_of
from registrations.queries.seats import SeatCount
from sessions_app.models import Release

# After one of these an earlier submission says nothing any more that a focal point should be written about.
SUPERSEDING = (HistoryKind.SUBMITTED, HistoryKind.RETURNED, HistoryKind.REOPENED, HistoryKind.NOT_ATTENDING)


@dataclass(frozen=True)
class ReceiptProfile:
    """The people of one profile at the time of a submission; `profile` is None for those of an organisation.

    `people` are fewer than `named` once the personal data of some have ended.
    """

    profile: ParticipantProfile | None
    asked: int
    named: int
    people: tuple[Delegate, ...]

    @property
    def missing(self) -> int:
        return max(0, self.asked - self.named)


@dataclass(frozen=True)
class Receipt:
    """What was submitted: by whom, when and why with gaps is in `code.event`."""

    code: VerificationCode
    profiles: tuple[ReceiptProfile, ...]
    lacks_letter: bool

    @property
    def is_incomplete(self) -> bool:
        return bool(self.gaps) or self.lacks_letter

    @property
    def gaps(self) -> tuple[ReceiptProfile, ...]:
        return tuple(line for line in self.profiles if line.missing)

    @property
    def named(self) -> int:
        return sum(line.named for line in self.profiles)


def facts_of(seats: Iterable[SeatCount], people: Iterable[Delegate], *, lacks_letter: bool) -> dict[str, Any]:
    """Return what a receipt states, for `VerificationCode.facts`: people by their id, profiles by their code.

    People of an organisation have no profile; its code is the empty string.
    """
    by_profile: dict[int | None, list[int]] = {}
    for person in people:
        by_profile.setdefault(person.profile_id, []).append(person.pk)
    profiles = [
        {"code": seat.profile.code, "asked": seat.effective_minimum, "people": by_profile.get(seat.profile.pk, [])}
        for seat in seats
    ]
    if None in by_profile:
        profiles.append({"code": "", "asked": 0, "people": by_profile[None]})
    return {"profiles": profiles, "lacks_letter": lacks_letter}


def receipt_of(code: VerificationCode) -> Receipt:
    """Return what the receipt with `code` states, with the names as they are written now. Two queries."""
    people = [pk for line in code.facts.get("profiles", []) for pk in line["people"]]
    return receipt_from(code, profiles=_profiles_on(code), delegates=Delegate.objects.filter(pk__in=people))


def _profiles_on(code: VerificationCode) -> "QuerySet[ParticipantProfile]":
    return ParticipantProfile.objects.filter(code__in=[line["code"] for line in code.facts.get("profiles", [])])


def receipt_from(
    code: VerificationCode, *, profiles: Iterable[ParticipantProfile], delegates: Iterable[Delegate]
) -> Receipt:
    """Return what the receipt with `code` states, from loaded rows. It has no profiles once the purge emptied it."""
    by_code = {profile.code: profile for profile in profiles}
    by_id = {delegate.pk: delegate for delegate in delegates if delegate.anonymised_at is None}
    return Receipt(
        code=code,
        profiles=tuple(
            ReceiptProfile(
                profile=by_code.get(line["code"]),
                asked=line["asked"],
                named=len(line["people"]),
                people=tuple(by_id[pk] for pk in line["people"] if pk in by_id),
            )
            for line in code.facts.get("profiles", [])
        ),
        lacks_letter=code.facts.get("lacks_letter", False),
    )


def verification_code(written: str) -> VerificationCode | None:
    """Return the code that somebody typed or scanned, if there is one, with what its page needs. One query at most."""
    code = read_code(written)
    if not code:
        return None
    codes = VerificationCode.objects.select_related("event__delegation__body", "event__webinar")
    return codes.filter(code=code).first()


def figures_of(code: VerificationCode) -> Receipt:
    """Return what the receipt with `code` states, without people. One query."""
    return receipt_from(code, profiles=_profiles_on(code), delegates=())


def was_submitted_again(code: VerificationCode) -> bool:
    """Return whether the delegation was submitted again after the submission with `code`. One query."""
    later = HistoryEvent.objects.filter(delegation=code.event.delegation_id, pk__gt=code.event_id)
    return later.filter(kind=HistoryKind.SUBMITTED).exists()


def history_with_submissions(delegation: Delegation, *, latest: int) -> "QuerySet[HistoryEvent]":
    """Return the `latest` events that focal points may see and, after them, all earlier submissions, with their codes.

    Submissions from before codes were issued have none.
    """
    events = history_of(delegation)
    shown = Q(pk__in=events.values("pk")[:latest]) | Q(kind=HistoryKind.SUBMITTED)
    return events.filter(shown).select_related("actor", "delegate", "verification_code")


def acknowledged_submissions() -> "QuerySet[HistoryEvent]":
    """Return the submissions that have a code, of webinars that are released (rule 12) and delegations that attend.

    A submission after which the delegation was submitted or sent back again is left out.
    """
    later = HistoryEvent.objects.filter(delegation=OuterRef("delegation"), pk__gt=OuterRef("pk"))
    is_released = Exists(Release.objects.filter(webinar=OuterRef("webinar")))
    return HistoryEvent.objects.filter(
        ~Exists(later.filter(kind__in=SUPERSEDING)),
        is_released,
        kind=HistoryKind.SUBMITTED,
        verification_code__isnull=False,
    ).exclude(delegation__status=DelegationStatus.NOT_ATTENDING)
