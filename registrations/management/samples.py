"""The demo's invented people and events, created through the services with a plausible history."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from registrations.models import (
    Delegate,
    DelegateRole,
    Delegation,
    FocalPoint,
    ParticipantProfile,
    ParticipatingBody,
    User,
)
from registrations.services.delegate_details import DelegateDetails
from registrations.services.delegations import (
    accept_delegation,
    mark_not_attending,
    reopen_delegation,
    return_delegation,
    submit_delegation,
    waive_seats,
)
from registrations.services.focal_points import record_privacy_notice_read
from registrations.services.nominations import register_delegate, replace_delegate, withdraw_delegate
from sessions_app.models import Webinar

PROSECUTORS, IMMIGRATION = "prosecutors", "immigration-control"
BORDER, INVESTIGATION = "border-control", "investigation-units"
TWO_OF_EACH = {PROSECUTORS: 2, IMMIGRATION: 2, BORDER: 2, INVESTIGATION: 2}

# No real names: the surnames say that these people are samples.
NAMES = {
    "en": (
        ("Alice", "Ben", "Carol", "Dan", "Erin", "Frank", "Grace", "Henry", "Ivy", "Jack", "Kate", "Liam"),
        ("Sample", "Example", "Specimen", "Pattern", "Trial"),
    ),
    "es": (
        ("Ana", "Luis", "Marta", "Jorge", "Rosa", "Carlos", "Elena", "Mario", "Silvia", "Hugo", "Nora", "Iván"),
        ("Ejemplo", "Muestra", "Modelo", "Ensayo", "Prueba"),
    ),
}
INSTITUTIONS = {
    "en": {
        PROSECUTORS: "Sample prosecution service",
        IMMIGRATION: "Sample immigration service",
        BORDER: "Sample border police",
        INVESTIGATION: "Sample investigation unit",
    },
    "es": {
        PROSECUTORS: "Fiscalía de muestra",
        IMMIGRATION: "Dirección de migración de muestra",
        BORDER: "Policía de fronteras de muestra",
        INVESTIGATION: "Unidad de investigación de muestra",
    },
}
# The time zone of the sample people of a body that has several zones, or none.
ZONES = {"CA": "America/Toronto", "MX": "America/Mexico_City", "US": "America/New_York"}
CONNECTION_TEST_COUNTRIES = {"DO", "HN", "PA"}
ZONE_OF_ORGANISATIONS = "America/Panama"


@dataclass
class SampleDelegation:
    """One delegation of the demo with the users who act for it; `at` is the time of the latest action."""

    delegation: Delegation
    focal_point: User
    staff: User
    at: datetime
    profiles: Mapping[str, ParticipantProfile]
    named: int = 0

    def advance_clock(self) -> datetime:
        """Move `at` by seven minutes and return it, as the time of the next action."""
        self.at += timedelta(minutes=7)
        return self.at

    def name_people(self, seats: Mapping[str, int], *, working_group: int = 0) -> list[Delegate]:
        """Register that many people of each profile, the first `working_group` of them as technical members."""
        profiles = [profile for profile, people in seats.items() for _ in range(people)]
        return [
            register_delegate(
                self.delegation,
                details=self.sample_person(profile, is_working_group_member=position < working_group),
                by=self.focal_point,
                now=self.advance_clock(),
            )
            for position, profile in enumerate(profiles)
        ]

    def sample_person(
        self, profile: str | None, *, is_working_group_member: bool = False, role: str = DelegateRole.DELEGATE
    ) -> DelegateDetails:
        """Return the details of the next invented person of this body."""
        body = self.delegation.body
        first_names, surnames = NAMES[body.default_language]
        offset = body.pk * 5 + self.named
        first, last = first_names[offset % len(first_names)], surnames[offset % len(surnames)]
        self.named += 1
        code = (body.iso_code or body.slug).lower()
        return DelegateDetails(
            name=f"{first} {last}",
            # The same person has the same address at every webinar.
            email=f"{first}.{last}.{code}@example.org".lower().replace("á", "a"),
            institution=INSTITUTIONS[body.default_language][profile] if profile else str(body.name.en),
            profile=self.profiles[profile] if profile else None,
            language=body.default_language,
            timezone=body.single_timezone or ZONES.get(body.iso_code or "", ZONE_OF_ORGANISATIONS),
            is_working_group_member=is_working_group_member,
            role=role,
        )

    def submit(self, reason: str = "") -> None:
        """Submit the delegation as its focal point."""
        self.delegation = submit_delegation(
            self.delegation,
            version=self.delegation.version,
            by=self.focal_point,
            now=self.advance_clock(),
            reason=reason,
        )


def draft_with_three_missing(sample: SampleDelegation) -> None:
    """A draft for the visitor to complete: two prosecutors and one border control official are missing."""
    sample.name_people({IMMIGRATION: 2, BORDER: 1, INVESTIGATION: 3}, working_group=1)


def nobody_named(sample: SampleDelegation) -> None:
    """The focal point has not started: nothing happens."""


def accepted(sample: SampleDelegation) -> None:
    sample.name_people(TWO_OF_EACH, working_group=2)
    sample.submit()


def accepted_and_more(sample: SampleDelegation) -> None:
    """More people than asked for, one of whom was replaced."""
    people = sample.name_people({PROSECUTORS: 3, IMMIGRATION: 4, BORDER: 2, INVESTIGATION: 3}, working_group=4)
    sample.submit()
    replaced = people[0]
    newcomer = sample.sample_person(PROSECUTORS)
    replace_delegate(
        replaced, details=newcomer, version=replaced.version, by=sample.focal_point, now=sample.advance_clock()
    )


def accepted_then_one_withdrew(sample: SampleDelegation) -> None:
    """An accepted delegation in which a withdrawal opened a gap."""
    people = sample.name_people(TWO_OF_EACH)
    sample.submit()
    withdraw_delegate(
        people[-1],
        version=people[-1].version,
        by=sample.focal_point,
        now=sample.advance_clock(),
        reason="Transferred to another unit; a successor will be named.",
    )


def accepted_with_a_gap(sample: SampleDelegation) -> None:
    sample.name_people(TWO_OF_EACH | {INVESTIGATION: 1}, working_group=1)
    sample.submit("The second post of the unit is vacant until next month.")
    accept_delegation(
        sample.delegation,
        by=sample.staff,
        now=sample.advance_clock(),
        comment="Please name them once appointed.",
        with_gap=True,
    )


def accepted_with_a_waiver(sample: SampleDelegation) -> None:
    sample.name_people(TWO_OF_EACH | {PROSECUTORS: 1}, working_group=2)
    waive_seats(
        sample.delegation,
        profile=sample.profiles[PROSECUTORS],
        seats=1,
        reason="One prosecutor alone handles these cases.",
        by=sample.staff,
        now=sample.advance_clock(),
    )
    sample.submit()


def submitted_with_gaps(sample: SampleDelegation) -> None:
    """Submitted with gaps: it waits for a decision of the secretariat."""
    sample.name_people({PROSECUTORS: 2, IMMIGRATION: 2, BORDER: 1})
    sample.submit("The investigation unit is on mission that week; one border post is not staffed yet.")


def returned(sample: SampleDelegation) -> None:
    sample.name_people({PROSECUTORS: 1, IMMIGRATION: 2, INVESTIGATION: 2})
    sample.submit("We could not reach the border police in time.")
    return_delegation(
        sample.delegation,
        comment="Please ask the border police once more; their part is the second session.",
        by=sample.staff,
        now=sample.advance_clock(),
    )


def reopened(sample: SampleDelegation) -> None:
    sample.name_people(TWO_OF_EACH)
    sample.submit()
    reopen_delegation(
        sample.delegation,
        reason="You asked by telephone to change two names.",
        by=sample.staff,
        now=sample.advance_clock(),
    )


def not_attending(sample: SampleDelegation) -> None:
    mark_not_attending(
        sample.delegation, reason="Elections that week.", by=sample.focal_point, now=sample.advance_clock()
    )


def speakers_of_an_organisation(sample: SampleDelegation) -> None:
    """Speakers of an organisation, which has no quotas; staff register them."""
    sample.focal_point = sample.staff
    for role in (DelegateRole.PANELIST, DelegateRole.OBSERVER):
        details = sample.sample_person(None, role=role)
        register_delegate(sample.delegation, details=details, by=sample.staff, now=sample.advance_clock())
    sample.submit()


SCENARIOS: dict[str, Callable[[SampleDelegation], None]] = {
    "BZ": not_attending,
    "CA": accepted,
    "CR": accepted_then_one_withdrew,
    "DO": submitted_with_gaps,
    "GT": returned,
    "HN": draft_with_three_missing,
    "MX": accepted_and_more,
    "NI": nobody_named,
    "PA": accepted_with_a_waiver,
    "SV": accepted_with_a_gap,
    "US": reopened,
}


def appoint_focal_points(accounts: Mapping[str, User], *, now: datetime) -> None:
    """Make each account the focal point of its country; those who registered someone have signed in before."""
    for body in ParticipatingBody.objects.filter(iso_code__in=accounts):
        code = str(body.iso_code)
        if SCENARIOS[code] is not nobody_named:
            record_privacy_notice_read(accounts[code], now=now)
        FocalPoint.objects.create(body=body, user=accounts[code], is_primary=True)


def seed_stories(webinar: Webinar, *, focal_points: Mapping[str, User], staff: User, now: datetime) -> None:
    """Apply its scenario to every delegation of `webinar`; the last action is shortly before `now`."""
    profiles = {quota.profile.code: quota.profile for quota in webinar.quotas.select_related("profile")}
    for delegation in webinar.delegations.select_related("body", "webinar"):
        code = delegation.body.iso_code
        sample = SampleDelegation(
            delegation=delegation,
            focal_point=focal_points[code] if code else staff,
            staff=staff,
            at=now - timedelta(hours=4),
            profiles=profiles,
        )
        (SCENARIOS[code] if code else speakers_of_an_organisation)(sample)


def seed_connection_test(webinar: Webinar, *, staff: User, now: datetime) -> None:
    """Register two people of each of a few countries for the connection test, as staff."""
    profiles = {quota.profile.code: quota.profile for quota in webinar.quotas.select_related("profile")}
    for body in ParticipatingBody.objects.filter(iso_code__in=CONNECTION_TEST_COUNTRIES):
        delegation, _is_new = Delegation.objects.get_or_create(webinar=webinar, body=body)
        sample = SampleDelegation(
            delegation=delegation, focal_point=staff, staff=staff, at=now - timedelta(hours=1), profiles=profiles
        )
        sample.name_people({PROSECUTORS: 1, BORDER: 1})
        sample.submit()
