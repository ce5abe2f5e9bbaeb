"""What the secretariat announces, in the reader's language."""

from django.core.mail import EmailMultiAlternatives

from registrations.mail.markdown import html_of, text_of
from registrations.mail.message import compose
from registrations.models import Delivery


def build_announcement(delivery: Delivery) -> EmailMultiAlternatives:
    """The announcement, in the language of the delivery, to its one reader. Names nobody else."""
    announcement, reader = delivery.announcement, delivery.delegate or delivery.user
    if announcement is None or reader is None:
        raise ValueError("An announcement names its reader.")
    language = delivery.language
    text = announcement.text.render(language).text
    context = {
        "reader_name": reader.name,
        "subject": announcement.subject.render(language).text,
        "written_html": html_of(text),
        "written_text": text_of(text),
        "webinar_title": announcement.webinar.title.render(language).text,
    }
    return compose(
        delivery,
        "announcement",
        context,
        name=reader.name,
        language=language,
        contact_email=announcement.webinar.contact_email,
    )
