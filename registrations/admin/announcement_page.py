"""What the page of an announcement tells: whom it reaches in words, what it owes, and who one reader is."""

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from registrations.models import (
    Announcement,
    AnnouncementRecipients,
    Delegate,
    DelegationStatus,
    Delivery,
    DeliveryKind,
    FocalPoint,
    ParticipantProfile,
    ParticipatingBody,
    Partstat,
    User,
)
from registrations.queries.audiences import Audience
from sessions_app.admin.base import MAX_KEY_LENGTH
from sessions_app.models import Webinar


def in_words(audience: Audience, webinar: Webinar) -> list[tuple[str, str]]:
    """What narrows `audience`, by its name."""
    bodies = ParticipatingBody.objects.filter(slug__in=audience.bodies)
    profiles = ParticipantProfile.objects.filter(code__in=audience.profiles)
    lines = [
        (_("Who gets it"), str(dict(AnnouncementRecipients.choices).get(audience.readers, audience.readers))),
        (_("Countries and organisations"), ", ".join(str(body) for body in bodies)),
        (_("State of the delegation"), ", ".join(str(DelegationStatus(state).label) for state in audience.states)),
    ]
    if audience.readers != AnnouncementRecipients.FOCAL_POINTS:
        session = webinar.sessions.filter(number=audience.session).first() if audience.session is not None else None
        lines += [
            (_("Profiles (of delegates)"), ", ".join(str(profile) for profile in profiles)),
            (
                _("Answer to the session"),
                f"{session.number}. {session.title}: {Partstat(audience.answer).label}" if session else "",
            ),
        ]
    return [(label, text or _("all")) for label, text in lines]


def owed_by(announcement: Announcement) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(announcement=announcement, kind=DeliveryKind.ANNOUNCEMENT)


def deliveries_url(announcement: Announcement) -> str:
    listed = reverse("admin:registrations_delivery_changelist")
    return f"{listed}?announcement__id__exact={announcement.pk}&kind__exact={DeliveryKind.ANNOUNCEMENT}"


def person_named(announcement: Announcement, key: str, otherwise: User) -> Delegate | User:
    """Whom `key` names, as `Reader.key`: a delegate of the webinar, or a focal point; `otherwise` for an empty one."""
    if not key:
        return otherwise
    kind, number = key[:1], key[1:]
    if not (number.isdecimal() and len(number) <= MAX_KEY_LENGTH):
        raise Http404
    if kind == "d":
        return get_object_or_404(Delegate, pk=number, webinar=announcement.webinar_id)
    theirs = FocalPoint.objects.filter(user=OuterRef("pk"), body__delegations__webinar=announcement.webinar_id)
    return get_object_or_404(User, Exists(theirs), pk=number)
