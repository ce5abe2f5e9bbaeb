"""The quota board: which delegation lacks whom (rule 2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from registrations.models import BodyKind, Delegation, DelegationStatus, ParticipantProfile
from registrations.queries.seats import CountedDelegation, SeatCount, delegations_with_seats
from sessions_app.models import Webinar


@dataclass(frozen=True)
class BoardRow:
    """The row of one delegation. A delegation that does not attend counts as missing nobody and lacking no letter."""

    delegation: Delegation
    seats: tuple[SeatCount, ...]
    missing: int
    named: int
    working_group: int
    lacks_letter: bool
    # How many of the people had mail come back.
    returned_count: int

    @property
    def is_attending(self) -> bool:
        """Whether the delegation is not marked as not attending."""
        return self.delegation.status != DelegationStatus.NOT_ATTENDING


@dataclass(frozen=True)
class ProfileTotal:
    """The total of one profile over the attending countries."""

    profile: ParticipantProfile
    effective_minimum: int
    named: int
    missing: int
    declined: int
    waived: int
    met: int


@dataclass(frozen=True)
class QuotaBoard:
    """The figures of the quota board.

    Countries are sorted by how many people they lack, then by a missing letter, then by name. The totals count
    attending countries only. A cell is one profile of one attending country: `met_in_accepted` counts the met cells of
    accepted delegations, which is the headline, and `met_not_yet_accepted` those of all other delegations.
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
    """Return the quota board of `webinar`. Always costs three queries."""
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
        returned_count=counted.returned_count,
    )


def _profile_totals(countries: Sequence[BoardRow], attending: Sequence[BoardRow]) -> tuple[ProfileTotal, ...]:
    """Return the totals by profile. Every country has the seat counts of the same profiles in the same order."""
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
