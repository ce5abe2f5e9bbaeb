"""The quota board: who is short of what (rule 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from registrations.models import BodyKind, Delegation, DelegationStatus, ParticipantProfile
from registrations.queries.seats import CountedDelegation, SeatCount, delegations_with_seats
from sessions_app.models import Webinar


@dataclass(frozen=True)
class BoardRow:
    """One delegation on the board. One that does not attend misses nobody, and lacks no letter."""

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    missing: int
    named: int
    working_group: int
    lacks_letter: bool

    @property
    def is_attending(self) -> bool:
        return self.delegation.status != DelegationStatus.NOT_ATTENDING


@dataclass(frozen=True)
class ProfileTotal:
    """One column of the board, over the attending countries."""

    profile: ParticipantProfile
    effective_minimum: int
    named: int
    missing: int
    declined: int
    waived: int
    met: int


@dataclass(frozen=True)
class QuotaBoard:
    """Countries by whom they lack, those without a required letter first among equals, then by name; organisations
    apart; totals over those that attend.

    A cell is one profile of one attending country. `met_in_accepted` of `cells` is the headline, `met_not_yet_accepted`
    those met in delegations that are not (or no longer) accepted.
    """

    webinar: Webinar
    rows: tuple[BoardRow, ...]
    organisations: tuple[BoardRow, ...]
    profile_totals: tuple[ProfileTotal, ...]
    cells: int
    met_in_accepted: int
    met_not_yet_accepted: int
    effective_minimum_total: int
    named_total: int
    missing_total: int
    working_group_total: int


def quota_board(webinar: Webinar) -> QuotaBoard:
    """The board of `webinar`. Three queries, however many delegations and delegates."""
    rows = [_row(counted) for counted in delegations_with_seats(webinar)]
    countries = sorted(
        (row for row in rows if row.delegation.body.kind == BodyKind.COUNTRY),
        key=lambda row: (-row.missing, not row.lacks_letter, str(row.delegation.body)),
    )
    attending = [row for row in countries if row.is_attending]
    met = [(row.delegation.status, seat) for row in attending for seat in row.seats if seat.is_met]
    in_accepted = sum(status == DelegationStatus.ACCEPTED for status, _ in met)
    return QuotaBoard(
        webinar=webinar,
        rows=tuple(countries),
        organisations=tuple(row for row in rows if row.delegation.body.kind == BodyKind.ORGANISATION),
        profile_totals=_profile_totals(countries, attending),
        cells=sum(len(row.seats) for row in attending),
        met_in_accepted=in_accepted,
        met_not_yet_accepted=len(met) - in_accepted,
        effective_minimum_total=sum(seat.effective_minimum for row in attending for seat in row.seats),
        named_total=sum(row.named for row in attending),
        missing_total=sum(row.missing for row in attending),
        working_group_total=sum(row.working_group for row in attending),
    )


def _row(counted: CountedDelegation) -> BoardRow:
    attends = counted.delegation.status != DelegationStatus.NOT_ATTENDING
    return BoardRow(
        delegation=counted.delegation,
        seats=counted.seats,
        missing=sum(seat.missing for seat in counted.seats) if attends else 0,
        named=counted.total.named,
        working_group=counted.total.working_group,
        lacks_letter=attends and counted.lacks_letter,
    )


def _profile_totals(countries: Sequence[BoardRow], attending: Sequence[BoardRow]) -> tuple[ProfileTotal, ...]:
    """The columns: every country has a seat count of each profile, in the same order."""
    profiles = [seat.profile for seat in countries[0].seats] if countries else []
    columns = [(profile, [row.seats[column] for row in attending]) for column, profile in enumerate(profiles)]
    return tuple(
        ProfileTotal(
            profile=profile,
            effective_minimum=sum(seat.effective_minimum for seat in seats),
            named=sum(seat.named for seat in seats),
            missing=sum(seat.missing for seat in seats),
            declined=sum(seat.declined for seat in seats),
            waived=sum(seat.waived for seat in seats),
            met=sum(seat.is_met for seat in seats),
        )
        for profile, seats in columns
    )
