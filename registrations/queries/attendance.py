"""How many people were nominated, invited, accepted, opened the room and attended, by body, profile and session."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet

from registrations.models import (
    Arrival,
    Attendance,
    BodyKind,
    CalendarEntry,
    Delegation,
    DelegationStatus,
    IcalMethod,
    ParticipantProfile,
    Partstat,
)
from registrations.queries.delegation_page import policy_of
from registrations.queries.seats import CountedDelegation, delegations_with_seats
from sessions_app.models import Session, Webinar

# (delegation id, profile id or None for people without a profile)
ProfileKey = tuple[int, int | None]


@dataclass(frozen=True)
class SessionFigures:
    """How many people of one delegation and profile were invited to a session, accepted, opened the room and attended.

    Invited and accepted count active people. Opened and attended also count people who were withdrawn later. Attended
    counts those who stayed for the minimum stay of the webinar.
    """

    invited: int = 0
    accepted: int = 0
    opened: int = 0
    attended: int = 0

    def __add__(self, other: "SessionFigures") -> "SessionFigures":
        return SessionFigures(
            self.invited + other.invited,
            self.accepted + other.accepted,
            self.opened + other.opened,
            self.attended + other.attended,
        )


@dataclass(frozen=True)
class AttendanceRow:
    """The figures of one profile of a delegation (or None for people without one), or a total.

    `sessions` are in the order of the table's sessions.
    """

    profile: ParticipantProfile | None
    nominated: int
    sessions: tuple[SessionFigures, ...]


@dataclass(frozen=True)
class BodyAttendance:
    """The figures of one delegation. The last row may be of people whose profile has no quota."""

    delegation: Delegation
    rows: tuple[AttendanceRow, ...]
    total: AttendanceRow

    @property
    def has_total_row(self) -> bool:
        """Whether the body needs a row for its total; with exactly one row the total would repeat it."""
        return len(self.rows) != 1


@dataclass(frozen=True)
class AttendanceTable:
    """The attendance figures of a webinar, with countries and organisations sorted by name.

    A delegation that does not attend is listed only if somebody of it came, and then counts nobody as nominated.
    `profile_totals` are totals over the countries, as on the quota board.
    """

    sessions: tuple[Session, ...]
    countries: tuple[BodyAttendance, ...]
    organisations: tuple[BodyAttendance, ...]
    profile_totals: tuple[AttendanceRow, ...]
    countries_total: AttendanceRow
    grand_total: AttendanceRow

    @property
    def bodies(self) -> tuple[BodyAttendance, ...]:
        """Countries, then organisations."""
        return (*self.countries, *self.organisations)


def attendance_table(webinar: Webinar) -> AttendanceTable:
    """Return the attendance figures of `webinar`. Always costs seven queries.

    The nominated people are those whom the quota board counts as named.
    """
    sessions = tuple(Session.objects.filter(webinar=webinar).order_by("number"))
    figures = _figures_by_profile(webinar, sessions)
    zeros = (SessionFigures(),) * len(sessions)
    profiles: dict[int, ParticipantProfile] = {}
    bodies = []
    for counted in sorted(delegations_with_seats(webinar), key=lambda counted: str(counted.delegation.body).casefold()):
        profiles |= {seat.profile.pk: seat.profile for seat in counted.seats}
        body = _body_attendance(counted, figures, zeros)
        if counted.delegation.status != DelegationStatus.NOT_ATTENDING:
            bodies.append(body)
        elif any(figures.opened or figures.attended for figures in body.total.sessions):
            bodies.append(_without_nominated(body))
    countries = tuple(body for body in bodies if body.delegation.body.kind == BodyKind.COUNTRY)
    return AttendanceTable(
        sessions=sessions,
        countries=countries,
        organisations=tuple(body for body in bodies if body.delegation.body.kind == BodyKind.ORGANISATION),
        profile_totals=tuple(
            sum_rows((row for body in countries for row in body.rows if row.profile == profile), zeros, profile)
            for profile in profiles.values()
        ),
        countries_total=sum_rows((body.total for body in countries), zeros),
        grand_total=sum_rows((body.total for body in bodies), zeros),
    )


def minimum_stay_of(webinar: Webinar) -> int:
    """Return from how many minutes in a session a person counts as having attended it; 0 counts everybody."""
    policy = policy_of(webinar)
    return policy.minimum_stay_minutes if policy is not None else 0


def sum_rows(
    rows: Iterable[AttendanceRow], zeros: tuple[SessionFigures, ...], profile: ParticipantProfile | None = None
) -> AttendanceRow:
    """Return a row with the sums of `rows`; `zeros` is the sum of no rows."""
    nominated, sessions = 0, zeros
    for row in rows:
        nominated += row.nominated
        sessions = tuple(total + other for total, other in zip(sessions, row.sessions, strict=True))
    return AttendanceRow(profile, nominated, sessions)


def _body_attendance(
    counted: CountedDelegation,
    figures: Mapping[ProfileKey, tuple[SessionFigures, ...]],
    zeros: tuple[SessionFigures, ...],
) -> BodyAttendance:
    pk = counted.delegation.pk
    rows = [
        AttendanceRow(seat.profile, seat.named, figures.get((pk, seat.profile.pk), zeros)) for seat in counted.seats
    ]
    with_quota = {seat.profile.pk for seat in counted.seats}
    rest = sum_rows(
        (
            AttendanceRow(None, 0, found)
            for (delegation_id, profile_id), found in figures.items()
            if delegation_id == pk and profile_id not in with_quota
        ),
        zeros,
    )
    rest = replace(rest, nominated=counted.total.named - sum(row.nominated for row in rows))
    if rest.nominated or rest.sessions != zeros:
        rows.append(rest)
    return BodyAttendance(counted.delegation, tuple(rows), sum_rows(rows, zeros))


def _without_nominated(body: BodyAttendance) -> BodyAttendance:
    return replace(
        body, rows=tuple(replace(row, nominated=0) for row in body.rows), total=replace(body.total, nominated=0)
    )


def _figures_by_profile(
    webinar: Webinar, sessions: tuple[Session, ...]
) -> dict[ProfileKey, tuple[SessionFigures, ...]]:
    """Return the figures by delegation and profile, in the order of `sessions`. Costs three queries."""
    entries = CalendarEntry.objects.filter(
        session__webinar=webinar, planned_method=IcalMethod.REQUEST, delegate__status="active"
    )
    accepting = Count("delegate", filter=Q(ical_partstat=Partstat.ACCEPTED), distinct=True)
    arrivals = Arrival.objects.filter(session__webinar=webinar)
    attendances = Attendance.objects.long_enough().filter(session__webinar=webinar)
    order = {session.pk: index for index, session in enumerate(sessions)}
    found: dict[ProfileKey, list[SessionFigures]] = defaultdict(lambda: [SessionFigures()] * len(sessions))
    for delegation, profile, session, invited, accepted in _count_people(entries, accepting=accepting):
        found[delegation, profile][order[session]] += SessionFigures(invited=invited, accepted=accepted)
    for delegation, profile, session, opened in _count_people(arrivals):
        found[delegation, profile][order[session]] += SessionFigures(opened=opened)
    for delegation, profile, session, attended in _count_people(attendances):
        found[delegation, profile][order[session]] += SessionFigures(attended=attended)
    return {key: tuple(figures) for key, figures in found.items()}


def _count_people(rows: "QuerySet[Any]", **counts: Count) -> Iterable[tuple[Any, ...]]:
    """Return (delegation id, profile id, session id, number of people) of `rows`, followed by other `counts`."""
    columns: Any = rows.order_by().values_list("delegate__delegation_id", "delegate__profile_id", "session_id")
    counted: Iterable[tuple[Any, ...]] = columns.annotate(people=Count("delegate", distinct=True), **counts)
    return counted
