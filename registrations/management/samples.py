"""The invented people and events of the demo. Everything happens through the services, as it would have in life."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from registrations.models import (
    BodyKind,
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

# Nobody is called so: the surnames say that these people are samples.
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
# Where a body has several zones or none, the one of its samples.
ZONES = {"CA": "America/Toronto", "MX": "America/Mexico_City", "US": "America/New_York"}
CONNECTION_TEST_COUNTRIES = {"DO", "HN", "PA"}
ZONE_OF_ORGANISATIONS = "America/Panama"


@dataclass
class Scene:
    """One delegation with the people who act for it; `at` moves on with every step."""

    delegation: Delegation
    focal_point: User
    staff: User
    at: datetime
    profiles: Mapping[str, ParticipantProfile]
    named: int = 0

    def later(self) -> datetime:
        self.at += timedelta(minutes=7)
        return self.at

    def name_people(self, seats: Mapping[str, int], *, working_group: int = 0) -> list[Delegate]:
        """Register so many of each profile, the first `working_group` of them as technical members."""
        wanted = [profile for profile, people in seats.items() for _ in range(people)]
        return [
            register_delegate(
                self.delegation,
                details=self.sample_person(profile, is_working_group_member=position < working_group),
                by=self.focal_point,
                now=self.later(),
            )
            for position, profile in enumerate(wanted)
        ]

    def sample_person(
        self, profile: str | None, *, is_working_group_member: bool = False, role: str = DelegateRole.DELEGATE
    ) -> DelegateDetails:
        """The next invented person of this body."""
        body = self.delegation.body
        first_names, surnames = NAMES[body.default_language]
        offset = body.pk * 5 + self.named
        first, last = first_names[offset % len(first_names)], surnames[offset % len(surnames)]
        self.named += 1
        code = (body.iso_code or body.slug).lower()
        return DelegateDetails(
            name=f"{first} {last}",
            # One person may be at several webinars, and has one address.
            email=f"{first}.{last}.{code}@example.org".lower().replace("á", "a"),
            institution=INSTITUTIONS[body.default_language][profile] if profile else str(body.name.en),
            profile=self.profiles[profile] if profile else None,
            language=body.default_language,
            timezone=body.single_timezone or ZONES.get(body.iso_code or "", ZONE_OF_ORGANISATIONS),
            is_working_group_member=is_working_group_member,
            role=role,
        )

    def submit(self, reason: str = "") -> None:
        self.delegation = submit_delegation(
            self.delegation, version=self.delegation.version, by=self.focal_point, now=self.later(), reason=reason
        )


def draft_with_three_missing(scene: Scene) -> None:
    """Left for the visitor: two prosecutors and one of border control are still to be named."""
    scene.name_people({IMMIGRATION: 2, BORDER: 1, INVESTIGATION: 3}, working_group=1)


def nobody_named(scene: Scene) -> None:
    """The focal point has not begun."""


def accepted(scene: Scene) -> None:
    scene.name_people(TWO_OF_EACH, working_group=2)
    scene.submit()


def accepted_and_more(scene: Scene) -> None:
    """More than asked for; someone fell ill and was replaced."""
    people = scene.name_people({PROSECUTORS: 3, IMMIGRATION: 4, BORDER: 2, INVESTIGATION: 3}, working_group=4)
    scene.submit()
    ill = people[0]
    newcomer = scene.sample_person(PROSECUTORS)
    replace_delegate(ill, details=newcomer, version=ill.version, by=scene.focal_point, now=scene.later())


def accepted_then_one_withdrew(scene: Scene) -> None:
    """The gap of an accepted delegation has opened again."""
    people = scene.name_people(TWO_OF_EACH)
    scene.submit()
    withdraw_delegate(
        people[-1],
        version=people[-1].version,
        by=scene.focal_point,
        now=scene.later(),
        reason="Transferred to another unit; a successor will be named.",
    )


def accepted_with_a_gap(scene: Scene) -> None:
    scene.name_people(TWO_OF_EACH | {INVESTIGATION: 1}, working_group=1)
    scene.submit("The second post of the unit is vacant until next month.")
    accept_delegation(
        scene.delegation, by=scene.staff, now=scene.later(), comment="Please name them once appointed.", with_gap=True
    )


def accepted_with_a_waiver(scene: Scene) -> None:
    scene.name_people(TWO_OF_EACH | {PROSECUTORS: 1}, working_group=2)
    waive_seats(
        scene.delegation,
        profile=scene.profiles[PROSECUTORS],
        seats=1,
        reason="One prosecutor alone handles these cases.",
        by=scene.staff,
        now=scene.later(),
    )
    scene.submit()


def submitted_with_gaps(scene: Scene) -> None:
    """Waits for a decision of the secretariat."""
    scene.name_people({PROSECUTORS: 2, IMMIGRATION: 2, BORDER: 1})
    scene.submit("The investigation unit is on mission that week; one border post is not staffed yet.")


def returned(scene: Scene) -> None:
    scene.name_people({PROSECUTORS: 1, IMMIGRATION: 2, INVESTIGATION: 2})
    scene.submit("We could not reach the border police in time.")
    return_delegation(
        scene.delegation,
        comment="Please ask the border police once more; their part is the second session.",
        by=scene.staff,
        now=scene.later(),
    )


def reopened(scene: Scene) -> None:
    scene.name_people(TWO_OF_EACH)
    scene.submit()
    reopen_delegation(
        scene.delegation,
        reason="You asked by telephone to change two names.",
        by=scene.staff,
        now=scene.later(),
    )


def not_attending(scene: Scene) -> None:
    mark_not_attending(scene.delegation, reason="Elections that week.", by=scene.focal_point, now=scene.later())


def speakers_of_an_organisation(scene: Scene) -> None:
    """No quotas, but the same invitations. The secretariat names them."""
    scene.focal_point = scene.staff
    for role in (DelegateRole.PANELIST, DelegateRole.OBSERVER):
        details = scene.sample_person(None, role=role)
        register_delegate(scene.delegation, details=details, by=scene.staff, now=scene.later())
    scene.submit()


STORIES: dict[str, Callable[[Scene], None]] = {
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


def seed_people(*, password: str, now: datetime) -> dict[str, User]:
    """One focal point per member country, by its ISO code; all with `password`. Who has not begun never signed in."""
    focal_points = {}
    for body in ParticipatingBody.objects.filter(kind=BodyKind.COUNTRY):
        code = str(body.iso_code)
        user = User.objects.create_user(
            f"focal.{code.lower()}@example.org",
            password,
            name=f"Sample focal point, {body.name_en}",
            language=body.default_language,
            timezone=body.single_timezone or ZONES.get(code, ""),
        )
        if STORIES[code] is not nobody_named:
            record_privacy_notice_read(user, now=now)
        FocalPoint.objects.create(body=body, user=user, is_primary=True)
        focal_points[code] = user
    return focal_points


def seed_stories(webinar: Webinar, *, focal_points: Mapping[str, User], staff: User, now: datetime) -> None:
    """Let every delegation of `webinar` live through its story, which ends shortly before `now`."""
    profiles = {quota.profile.code: quota.profile for quota in webinar.quotas.select_related("profile")}
    for delegation in webinar.delegations.select_related("body", "webinar"):
        code = delegation.body.iso_code
        scene = Scene(
            delegation=delegation,
            focal_point=focal_points[code] if code else staff,
            staff=staff,
            at=now - timedelta(hours=4),
            profiles=profiles,
        )
        (STORIES[code] if code else speakers_of_an_organisation)(scene)


def seed_connection_test(webinar: Webinar, *, staff: User, now: datetime) -> None:
    """Two people of each of a few countries try their microphones; the secretariat names them."""
    profiles = {quota.profile.code: quota.profile for quota in webinar.quotas.select_related("profile")}
    for body in ParticipatingBody.objects.filter(iso_code__in=CONNECTION_TEST_COUNTRIES):
        delegation, _is_new = Delegation.objects.get_or_create(webinar=webinar, body=body)
        scene = Scene(
            delegation=delegation, focal_point=staff, staff=staff, at=now - timedelta(hours=1), profiles=profiles
        )
        scene.name_people({PROSECUTORS: 1, BORDER: 1})
        scene.submit()
