"""An announcement that staff write to chosen people of a webinar."""

from datetime import datetime

from django.core.mail import EmailMultiAlternatives
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext

from registrations.messages.composing import compose
from registrations.messages.composing.markdown import render_html, render_plain_text
from registrations.messages.recipients import recipient_of
from registrations.models import Announcement, AnnouncementRecipients, Delegate, Delivery, DeliveryKind
from registrations.queries.audiences import Audience, focal_points_of_audience

KINDS = (DeliveryKind.ANNOUNCEMENT,)


def owed(*, now: datetime) -> int:
    """Owe nothing: `services.announcements` inserts the deliveries when staff send the announcement."""
    return 0


def is_right(delivery: Delivery, *, now: datetime) -> Q:
    """Return the condition under which it may still be sent.

    The delegate still takes part and their mail is not held, or the account is still a focal point of one of the
    chosen bodies.
    """
    if delivery.delegate_id is not None:
        return Q(Exists(Delegate.objects.to_be_mailed().filter(pk=OuterRef("delegate"))))
    announcement = Announcement.objects.get(deliveries=delivery)
    bodies = Audience.from_json(announcement.audience).bodies
    audience = Audience(readers=AnnouncementRecipients.FOCAL_POINTS, bodies=bodies)
    return Q(Exists(focal_points_of_audience(delivery.webinar, audience).filter(pk=OuterRef("user"))))


def build(delivery: Delivery) -> EmailMultiAlternatives:
    """Build the announcement in the language of the delivery, for its one recipient. It names nobody else."""
    announcement, recipient = delivery.announcement, delivery.delegate or delivery.user
    if announcement is None or recipient is None:
        raise ValueError("An announcement needs its recipient.")
    language = delivery.language
    text = announcement.text.render(language).text
    context = {
        "reader_name": recipient.name,
        "subject": announcement.subject.render(language).text,
        "written_html": render_html(text),
        "written_text": render_plain_text(text),
        "webinar_title": delivery.webinar.title.render(language).text,
    }
    return compose(
        delivery,
        "announcement",
        context,
        name=recipient.name,
        language=language,
        contact_email=delivery.webinar.contact_email,
    )


def describe(delivery: Delivery) -> str:
    return gettext("Brings %(who)s the announcement “%(announcement)s”.") % {
        "who": recipient_of(delivery),
        "announcement": delivery.announcement or "",
    }


def with_related(deliveries: "QuerySet[Delivery]") -> "QuerySet[Delivery]":
    return deliveries.select_related("announcement", "delegate__delegation__body", "user", "webinar")
