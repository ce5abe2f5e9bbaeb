"""Who was nominated, was invited, accepted, opened the room and attended, by body, profile and session."""

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
from registrations.queries.seats import CountedDelegation, delegations_with_seats
from sessions_app.models import Session, Webinar

# (delegation id, profile id or None)
ProfileKey = tuple[int, int | None]


@dataclass(frozen=True)
class SessionFigures:
    """What became of the people of one place at one session. Whoever opened the room or attended counts, also where
    they were withdrawn later; the others are active."""

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
    """One profile (None: no profile) of one delegation, or a total; `sessions` in the order of the report."""

    profile: ParticipantProfile | None
    nominated: int
    sessions: tuple[SessionFigures, ...]


@dataclass(frozen=True)
class BodyAttendance:
    """The last of `rows` is of people without a profile that is asked for, where there are any."""

    delegation: Delegation
    rows: tuple[AttendanceRow, ...]
    total: AttendanceRow

    @property
    def has_total_row(self) -> bool:
        """Whether the total says something that its only line does not."""
        return len(self.rows) != 1


@dataclass(frozen=True)
class AttendanceTable:
    """Attending bodies by name, countries and organisations apart; one that does not attend only where somebody came,
    and then nobody of it is nominated. Totals by profile are over the countries, as the board's."""

    sessions: tuple[Session, ...]
    countries: tuple[BodyAttendance, ...]
    organisations: tuple[BodyAttendance, ...]
    profile_totals: tuple[AttendanceRow, ...]
    countries_total: AttendanceRow
    grand_total: AttendanceRow

    @property
    def bodies(self) -> tuple[BodyAttendance, ...]:
        return (*self.countries, *self.organisations)


def attendance_table(webinar: Webinar) -> AttendanceTable:
    """Nominated are those whom the board counts as named. Seven queries, however many people and reports."""
    sessions = tuple(Session.objects.filter(webinar=webinar).order_by("number"))
    presences = _presences(webinar, sessions)
    zeros = (SessionFigures(),) * len(sessions)
    profiles: dict[int, ParticipantProfile] = {}
    bodies = []
    for counted in sorted(delegations_with_seats(webinar), key=lambda one: str(one.delegation.body).casefold()):
        profiles |= {seat.profile.pk: seat.profile for seat in counted.seats}
        of_body = _of_body(counted, presences, zeros)
        if counted.delegation.status != DelegationStatus.NOT_ATTENDING:
            bodies.append(of_body)
        elif any(one.opened or one.attended for one in of_body.total.sessions):
            bodies.append(_of_nobody_nominated(of_body))
    countries = tuple(one for one in bodies if one.delegation.body.kind == BodyKind.COUNTRY)
    return AttendanceTable(
        sessions=sessions,
        countries=countries,
        organisations=tuple(one for one in bodies if one.delegation.body.kind == BodyKind.ORGANISATION),
        profile_totals=tuple(
            sum_rows((line for one in countries for line in one.rows if line.profile == profile), zeros, profile)
            for profile in profiles.values()
        ),
        countries_total=sum_rows((one.total for one in countries), zeros),
        grand_total=sum_rows((one.total for one in bodies), zeros),
    )


def sum_rows(
    rows: Iterable[AttendanceRow], zeros: tuple[SessionFigures, ...], profile: ParticipantProfile | None = None
) -> AttendanceRow:
    nominated, sessions = 0, zeros
    for line in rows:
        nominated += line.nominated
        sessions = tuple(one + other for one, other in zip(sessions, line.sessions, strict=True))
    return AttendanceRow(profile, nominated, sessions)


def _of_body(
    counted: CountedDelegation,
    presences: Mapping[ProfileKey, tuple[SessionFigures, ...]],
    zeros: tuple[SessionFigures, ...],
) -> BodyAttendance:
    pk = counted.delegation.pk
    lines = [
        AttendanceRow(seat.profile, seat.named, presences.get((pk, seat.profile.pk), zeros)) for seat in counted.seats
    ]
    asked_for = {seat.profile.pk for seat in counted.seats}
    others = sum_rows(
        (
            AttendanceRow(None, 0, found)
            for (delegation_id, profile_id), found in presences.items()
            if delegation_id == pk and profile_id not in asked_for
        ),
        zeros,
    )
    others = replace(others, nominated=counted.total.named - sum(line.nominated for line in lines))
    if others.nominated or others.sessions != zeros:
        lines.append(others)
    return BodyAttendance(counted.delegation, tuple(lines), sum_rows(lines, zeros))


def _of_nobody_nominated(one: BodyAttendance) -> BodyAttendance:
    return replace(
        one, rows=tuple(replace(line, nominated=0) for line in one.rows), total=replace(one.total, nominated=0)
    )


def _presences(webinar: Webinar, sessions: tuple[Session, ...]) -> dict[ProfileKey, tuple[SessionFigures, ...]]:
    """By place, in the order of `sessions`. Three queries."""
    entries = CalendarEntry.objects.filter(
        session__webinar=webinar, planned_method=IcalMethod.REQUEST, delegate__status="active"
    )
    accepted = Count("delegate", filter=Q(ical_partstat=Partstat.ACCEPTED), distinct=True)
    arrivals = Arrival.objects.filter(session__webinar=webinar)
    attendances = Attendance.objects.filter(session__webinar=webinar, delegate__isnull=False)
    order = {session.pk: index for index, session in enumerate(sessions)}
    found: dict[ProfileKey, list[SessionFigures]] = defaultdict(lambda: [SessionFigures()] * len(sessions))
    people = Count("delegate", distinct=True)
    for delegation, profile, session, invited, accepting in _by_place(entries).annotate(one=people, two=accepted):
        found[delegation, profile][order[session]] += SessionFigures(invited=invited, accepted=accepting)
    for delegation, profile, session, opened in _by_place(arrivals).annotate(one=people):
        found[delegation, profile][order[session]] += SessionFigures(opened=opened)
    for delegation, profile, session, attended in _by_place(attendances).annotate(one=people):
        found[delegation, profile][order[session]] += SessionFigures(attended=attended)
    return {place: tuple(presences) for place, presences in found.items()}


def _by_place(rows: "QuerySet[Any]") -> "QuerySet[Any, Any]":
    """(delegation id, profile id, session id) of each, and what is annotated."""
    return rows.order_by().values_list("delegate__delegation_id", "delegate__profile_id", "session_id")
