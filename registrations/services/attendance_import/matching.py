"""Matching the people in a report with delegates, and detecting the report of another event. Nothing is written."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from registrations.models import Attendance, Delegate, DelegateStatus, MatchedBy
from registrations.services.attendance_import.people import Attendee, count_joined_on_other_days
from registrations.services.imports.normalising import normalised
from sessions_app.models import Session

# Warn if fewer than one in this many people of a report belong to the webinar.
WARN_BELOW_ONE_IN = 5


@dataclass(frozen=True, slots=True)
class Match:
    """A person in a report and the delegate they belong to, as found by `matched_by`.

    `suggested` is the only delegate with the same name; a user must confirm that it is the same person.
    """

    attendee: Attendee
    delegate: Delegate | None = None
    matched_by: str = MatchedBy.NOTHING
    suggested: Delegate | None = None
    # The stored attendance of this person, or None.
    stored: Attendance | None = None


@dataclass(frozen=True)
class CheckedReport:
    """The result of a dry run. Each of the `warnings` says that the report may be that of another event."""

    matches: tuple[Match, ...]
    warnings: tuple[str, ...]

    @property
    def known(self) -> list[Match]:
        """The people who were matched with a delegate."""
        return [match for match in self.matches if match.delegate]

    @property
    def unknown(self) -> list[Match]:
        """The people who were not matched and whom no user has decided about."""
        return [match for match in self.matches if not match.delegate and match.matched_by == MatchedBy.NOTHING]

    @property
    def not_ours(self) -> list[Match]:
        """The people who belong to no delegation, by a user's decision."""
        return [match for match in self.matches if match.matched_by == MatchedBy.NOBODY]


@dataclass(frozen=True)
class KnownPeople:
    """The delegates of a webinar by id, by lower-cased address, and by normalised name if only one has it."""

    by_pk: Mapping[int, Delegate]
    by_address: Mapping[str, Delegate]
    by_name: Mapping[str, Delegate]


def find_known_people(session: Session) -> KnownPeople:
    """Return the delegates of the session's webinar, including former ones. Costs three queries.

    If an active and a former delegate share an address, it leads to the active one.
    """
    rows = Delegate.objects.filter(webinar_id=session.webinar_id).prefetch_related("delegation__body")
    people = list(rows.order_by("pk"))
    by_address: dict[str, Delegate] = {}
    by_name: dict[str, list[Delegate]] = defaultdict(list)
    for person in sorted(people, key=lambda person: person.status == DelegateStatus.ACTIVE):
        by_address[person.address] = person
        by_name[normalised(person.name)].append(person)
    by_pk = {person.pk: person for person in people}
    return KnownPeople(
        by_pk, by_address, {name: found[0] for name, found in by_name.items() if name and len(found) == 1}
    )


def suggest_by_name(session: Session, rows: Sequence[Attendance]) -> dict[int, Delegate]:
    """Return, by the id of each unmatched attendance in `rows`, the delegate with the same name. Three queries."""
    by_name = find_known_people(session).by_name
    found = {row.pk: by_name.get(normalised(row.name)) for row in rows if row.matched_by == MatchedBy.NOTHING}
    return {pk: person for pk, person in found.items() if person is not None}


def check_report(session: Session, attendees: Sequence[Attendee], *, zone: str) -> CheckedReport:
    """Return what importing `attendees` would do. Costs at most five queries, however many people."""
    people = find_known_people(session)
    stored = {attendance.key: attendance for attendance in Attendance.objects.filter(session=session)}
    matches = tuple(_match(attendee, people, stored.get(attendee.key)) for attendee in attendees)
    return CheckedReport(matches, tuple(_warnings(session, matches, zone=zone)))


def _match(attendee: Attendee, people: KnownPeople, stored: Attendance | None) -> Match:
    """Match by a user's decision, else by an active delegate's link, else by address, else by any link.

    The address comes before the link of a former delegate, because a successor may have been given that link.
    """
    known = people.by_pk.get(stored.delegate_id) if stored is not None and stored.delegate_id is not None else None
    if stored is not None and stored.matched_by in (MatchedBy.HAND, MatchedBy.NOBODY):
        return Match(attendee, known, stored.matched_by, stored=stored)
    linked = people.by_pk.get(attendee.linked_delegate_id) if attendee.linked_delegate_id is not None else None
    if linked is not None and linked.is_active:
        return Match(attendee, linked, MatchedBy.LINK, stored=stored)
    if found := people.by_address.get(attendee.address.lower()):
        return Match(attendee, found, MatchedBy.ADDRESS, stored=stored)
    if linked is not None:
        return Match(attendee, linked, MatchedBy.LINK, stored=stored)
    if stored is not None and known is not None:
        # An earlier import matched this address, which the delegate may have changed since.
        return Match(attendee, known, stored.matched_by, stored=stored)
    return Match(attendee, suggested=people.by_name.get(normalised(attendee.name)), stored=stored)


def _warnings(session: Session, matches: Sequence[Match], *, zone: str) -> list[str]:
    warnings = []
    ours = sum(bool(match.delegate or match.suggested) for match in matches)
    counted = [match for match in matches if match.matched_by != MatchedBy.NOBODY]
    if not ours:
        warnings.append(_("Nobody in this report belongs to this webinar. It may be the report of another event."))
    elif ours * WARN_BELOW_ONE_IN < len(counted):
        warnings.append(
            _(
                "Of %(all)s people in this report only %(ours)s belong to this webinar. "
                "It may be the report of another event."
            )
            % {"ours": ours, "all": len(counted)}
        )
    first, last = (at.astimezone(ZoneInfo(zone)).date() for at in (session.starts_at, session.ends_at))
    others, known = count_joined_on_other_days((match.attendee for match in matches), first=first, last=last, zone=zone)
    if others:
        warnings.append(
            _("%(others)s of %(all)s people joined on another day than that of the session.")
            % {"others": others, "all": known}
        )
    return warnings
