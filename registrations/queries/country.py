"""Everything that the secretariat has to do with one country across webinars, and what is open with each of them.

The number of queries depends neither on the number of delegations nor on what happened in them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from operator import attrgetter
from typing import Any

from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, Subquery

from registrations.models import (
    BodyKind,
    CallNote,
    Delegate,
    Delegation,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    DeliveryState,
    FocalPoint,
    HistoryEvent,
    ParticipatingBody,
    RegistrationPolicy,
    User,
)
from registrations.models.delivery import DeliveryQuerySet
from registrations.queries.delegation_page import policy_of
from registrations.queries.letters import lacking_letter
from registrations.queries.lists import gaps_of_delegations
from registrations.queries.seats import SeatCount
from registrations.queries.webinar_end import webinars_over
from sessions_app.models import Webinar
from sessions_app.webinar_names import named_webinar

ENTRIES_PER_PAGE = 40
# The pages before the last one are read to show it, so there is an end.
MAX_PAGES = 50


@dataclass(frozen=True)
class DelegationAhead:
    """A delegation at a webinar that is neither over nor cancelled, with what it lacks.

    `first` and `last` are the starts of the webinar's first and last session, None without sessions. `look_again` is
    the note whose date to look again is open. `head` is the name of the head of delegation, or empty.
    """

    delegation: Delegation
    first: datetime | None
    last: datetime | None
    gaps: tuple[SeatCount, ...]
    lacks_letter: bool
    look_again: CallNote | None
    head: str = ""

    @property
    def policy(self) -> RegistrationPolicy | None:
        return policy_of(self.delegation.webinar)

    @property
    def is_attending(self) -> bool:
        return self.delegation.status != DelegationStatus.NOT_ATTENDING

    @property
    def missing(self) -> int:
        """The number of missing people."""
        return sum(seat.missing for seat in self.gaps)

    @property
    def is_incomplete(self) -> bool:
        """Whether it attends, and lacks people or its letter."""
        return self.is_attending and bool(self.gaps or self.lacks_letter)


@dataclass(frozen=True)
class CountryRow:
    """A country or organisation in the list of all, with its delegations ahead."""

    body: ParticipatingBody
    delegations: tuple[DelegationAhead, ...]

    @property
    def attending(self) -> tuple[DelegationAhead, ...]:
        return tuple(ahead for ahead in self.delegations if ahead.is_attending)

    @property
    def complete_count(self) -> int:
        return sum(not ahead.is_incomplete for ahead in self.attending)

    @property
    def missing(self) -> int:
        """The number of missing people at all webinars ahead."""
        return sum(ahead.missing for ahead in self.attending)

    @property
    def lacks_letter(self) -> bool:
        return any(ahead.lacks_letter for ahead in self.attending)

    @property
    def handled_by(self) -> tuple[User, ...]:
        """Who of the secretariat is on its delegations ahead, each once."""
        found = (ahead.delegation.handled_by for ahead in self.delegations)
        return tuple(dict.fromkeys(user for user in found if user is not None))

    @property
    def look_again_on(self) -> date | None:
        """The earliest open date to look again."""
        notes = (ahead.look_again for ahead in self.delegations)
        return min((note.look_again_on for note in notes if note and note.look_again_on), default=None)

    @property
    def closes_next(self) -> DelegationAhead | None:
        """The incomplete delegation whose registration closes first; the webinar names the zone."""
        incomplete = [ahead for ahead in self.attending if ahead.is_incomplete and ahead.policy]
        return min(incomplete, key=attrgetter("policy.closes_at"), default=None)


def countries_with_open_work(*, now: datetime) -> list[CountryRow]:
    """Return all countries, then the organisations with a webinar ahead; who lacks most people first. Seven queries."""
    ahead: dict[int, list[DelegationAhead]] = defaultdict(list)
    for row in delegations_ahead(Delegation.objects.all(), now=now):
        ahead[row.delegation.body_id].append(row)
    bodies = ParticipatingBody.objects.filter(Q(kind=BodyKind.COUNTRY) | Q(pk__in=ahead))
    rows = [CountryRow(body, tuple(ahead[body.pk])) for body in bodies]
    return sorted(rows, key=lambda row: (row.body.kind != BodyKind.COUNTRY, -row.missing, str(row.body)))


def delegations_ahead(delegations: "QuerySet[Delegation]", *, now: datetime) -> list[DelegationAhead]:
    """Return those of `delegations` whose webinar is neither over nor cancelled, the next session first. Six queries.

    Three of them count seats.
    """
    present = Webinar.objects.filter(cancelled_at__isnull=True, delegations__in=delegations.order_by()).order_by()
    over = webinars_over(present.values("pk"), now=now)
    found = delegations.filter(webinar__cancelled_at__isnull=True).exclude(webinar__in=over).order_by()
    heads = Delegate.objects.active().filter(delegation=OuterRef("pk"), is_head_of_delegation=True)
    rows: list[Any] = list(
        found.select_related("webinar__policy", "body", "handled_by").annotate(
            lacks_letter=lacking_letter(),
            head=Subquery(heads.order_by().values("name")),
            first=Min("webinar__sessions__starts_at"),
            last=Max("webinar__sessions__starts_at"),
        )
    )
    gaps = gaps_of_delegations(rows)
    notes: dict[int, CallNote] = {}
    for note in CallNote.objects.open().filter(delegation__in=[row.pk for row in rows]).order_by("look_again_on", "pk"):
        notes.setdefault(note.delegation_id, note)
    return [
        DelegationAhead(
            row, row.first, row.last, gaps[row.pk], bool(row.lacks_letter), notes.get(row.pk), row.head or ""
        )
        for row in sorted(rows, key=lambda row: (row.first is None, row.first, row.pk))
    ]


def look_again_notes(*, today: date, now: datetime) -> list[CallNote]:
    """Return the notes whose date to look again has come, the earliest first. Three queries; two without a note.

    Those of webinars that are over or cancelled are left out: nothing can be asked for any more. The other webinars are
    loaded `with_names`.
    """
    due = CallNote.objects.open().filter(look_again_on__lte=today, delegation__webinar__cancelled_at__isnull=True)
    over = webinars_over(due.order_by().values("delegation__webinar"), now=now)
    rows = due.exclude(delegation__webinar__in=over).select_related(
        "delegation__body", "delegation__handled_by", "written_by"
    )
    return list(rows.prefetch_related(named_webinar("delegation__webinar", now=now)).order_by("look_again_on", "pk"))


class Shown(Enum):
    """What the timeline of a country shows."""

    ALL = "all"
    CALLS = "calls"
    MAILS = "mails"
    HISTORY = "history"


@dataclass(frozen=True)
class MailGroup:
    """Messages of one kind that were planned together and are in the same state. `first` is the id of one of them."""

    kind: str
    state: str
    count: int
    first: int
    last_error: str
    is_to_focal_points: bool

    @property
    def kind_label(self) -> str:
        return str(DeliveryKind(self.kind).label)

    @property
    def state_label(self) -> str:
        return str(DeliveryState(self.state).label)


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the timeline: a note of a call, a group of messages, or an event of the history."""

    at: datetime
    webinar: Webinar
    note: CallNote | None = None
    mail: MailGroup | None = None
    event: HistoryEvent | None = None


@dataclass(frozen=True)
class Timeline:
    """One page of the timeline, the latest entry first."""

    entries: tuple[TimelineEntry, ...]
    page: int
    has_older: bool


def timeline_of(body: ParticipatingBody, *, shown: Shown = Shown.ALL, page: int = 1, now: datetime) -> Timeline:
    """Return a page of what happened with `body` at all webinars, loaded `with_names`. Six queries at most."""
    page = max(1, min(page, MAX_PAGES))
    most = page * ENTRIES_PER_PAGE + 1
    delegations = Delegation.objects.filter(body=body).prefetch_related(named_webinar(now=now)).order_by()
    webinars = {delegation.pk: delegation.webinar for delegation in delegations}
    entries: list[TimelineEntry] = []
    if shown in (Shown.ALL, Shown.CALLS):
        entries += _calls(webinars, most)
    if shown in (Shown.ALL, Shown.MAILS):
        entries += _mails(body, webinars, most)
    if shown in (Shown.ALL, Shown.HISTORY):
        entries += _events(webinars, most)
    entries.sort(key=attrgetter("at"), reverse=True)
    start = (page - 1) * ENTRIES_PER_PAGE
    return Timeline(
        entries=tuple(entries[start : start + ENTRIES_PER_PAGE]),
        page=page,
        has_older=len(entries) > page * ENTRIES_PER_PAGE and page < MAX_PAGES,
    )


def _calls(webinars: dict[int, Webinar], most: int) -> Iterable[TimelineEntry]:
    notes = CallNote.objects.filter(delegation__in=webinars).select_related("written_by", "done_by")[:most]
    return [TimelineEntry(note.written_at, webinars[note.delegation_id], note=note) for note in notes]


def _events(webinars: dict[int, Webinar], most: int) -> Iterable[TimelineEntry]:
    events = HistoryEvent.objects.filter(delegation__in=webinars).select_related("actor", "delegate")[:most]
    return [TimelineEntry(event.at, webinars[event.delegation_id or 0], event=event) for event in events]


def _mails(body: ParticipatingBody, webinars: dict[int, Webinar], most: int) -> Iterable[TimelineEntry]:
    """Return the messages to the focal points of `body`, and to its delegates; those that are not wanted are left out.

    Tests are left out too: they went to staff.
    """
    by_webinar = {webinar.pk: webinar for webinar in webinars.values()}
    accounts = FocalPoint.objects.filter(body=body, removed_at__isnull=True).values("user")
    to_accounts = Q(delegation__in=webinars) | Q(user__in=accounts, delegation=None, webinar__in=by_webinar)
    delegates = Delegate.objects.filter(delegation__in=webinars).order_by().values("pk")
    return [
        *_grouped(Delivery.objects.filter(to_accounts), by_webinar, most, is_to_focal_points=True),
        *_grouped(Delivery.objects.filter(delegate__in=delegates), by_webinar, most, is_to_focal_points=False),
    ]


def _grouped(
    deliveries: "DeliveryQuerySet", webinars: dict[int, Webinar], most: int, *, is_to_focal_points: bool
) -> Iterable[TimelineEntry]:
    rows = (
        deliveries.without_tests()
        .exclude(state=DeliveryState.SUPERSEDED)
        .order_by("-created_at", "kind", "state")
        .values_list("created_at", "webinar", "kind", "state")
        .annotate(count=Count("pk"), first=Min("pk"), last_error=Max("last_error"))
    )
    return [
        TimelineEntry(
            at,
            webinars[webinar],
            mail=MailGroup(kind, state, count, first, error, is_to_focal_points=is_to_focal_points),
        )
        for at, webinar, kind, state, count, first, error in rows[:most]
        if webinar in webinars
    ]


def delegations_past(body: ParticipatingBody, *, ahead: Collection[int], most: int) -> Sequence[Any]:
    """Return the latest delegations of `body` but those `ahead` (ids), with the starts of `first` and `last` session.

    They are at webinars that are over or cancelled. One query.
    """
    past = Delegation.objects.filter(body=body).exclude(pk__in=ahead).select_related("webinar", "handled_by")
    starts = "webinar__sessions__starts_at"
    return list(past.annotate(first=Min(starts), last=Max(starts)).order_by("-first", "-pk")[:most])
