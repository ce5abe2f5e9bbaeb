"""Data for the page of one announcement: its audience, its deliveries and one of its recipients."""

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


def audience_rows(audience: Audience, webinar: Webinar) -> list[tuple[str, str]]:
    """Return (label, text) for each filter of `audience`; the text is “all” where a filter is empty."""
    bodies = ParticipatingBody.objects.filter(slug__in=audience.bodies)
    profiles = ParticipantProfile.objects.filter(code__in=audience.profiles)
    rows = [
        (_("Who gets it"), str(dict(AnnouncementRecipients.choices).get(audience.readers, audience.readers))),
        (_("Countries and organisations"), ", ".join(str(body) for body in bodies)),
        (_("State of the delegation"), ", ".join(str(DelegationStatus(state).label) for state in audience.states)),
    ]
    if audience.readers != AnnouncementRecipients.FOCAL_POINTS:
        session = webinar.sessions.filter(number=audience.session).first() if audience.session is not None else None
        rows += [
            (_("Profiles (of delegates)"), ", ".join(str(profile) for profile in profiles)),
            (
                _("Answer to the session"),
                f"{session.number}. {session.title}: {Partstat(audience.answer).label}" if session else "",
            ),
        ]
    return [(label, text or _("all")) for label, text in rows]


def deliveries_of_announcement(announcement: Announcement) -> "QuerySet[Delivery]":
    """Return the deliveries of `announcement`, without its test sends."""
    return Delivery.objects.filter(announcement=announcement, kind=DeliveryKind.ANNOUNCEMENT)


def deliveries_url(announcement: Announcement) -> str:
    """Return the address of the delivery list, filtered to the deliveries of `announcement`."""
    changelist = reverse("admin:registrations_delivery_changelist")
    return f"{changelist}?announcement__id__exact={announcement.pk}&kind__exact={DeliveryKind.ANNOUNCEMENT}"


def recipient_by_key(announcement: Announcement, key: str, default: User) -> Delegate | User:
    """Return the delegate or the focal point whom `key` (a `Recipient.key`) identifies; `default` for an empty key.

    Raises Http404 for a key of nobody who takes part in the webinar or registers for it.
    """
    if not key:
        return default
    kind, number = key[:1], key[1:]
    if not (number.isdecimal() and len(number) <= MAX_KEY_LENGTH):
        raise Http404
    if kind == "d":
        return get_object_or_404(Delegate, pk=number, webinar=announcement.webinar_id)
    focal_points = FocalPoint.objects.filter(user=OuterRef("pk"), body__delegations__webinar=announcement.webinar_id)
    return get_object_or_404(User, Exists(focal_points), pk=number)
