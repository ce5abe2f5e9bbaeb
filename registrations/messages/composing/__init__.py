"""What all messages have in common: three templates, the reader's language, stable headers (RFC 6047)."""

import re
from collections.abc import Mapping

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from registrations.calendar_session import organizer_address
from registrations.messages.composing.mail_message import MailMessage, mailbox
from registrations.messages.composing.message_ids import bounce_address, message_id
from registrations.models import Delivery

# The condition of a delivery that must not be sent any more.
NO_ROW = Q(pk__in=[])
# Exchange sends no "out of office" in answer to it (MS-OXCMAIL).
NO_ABSENCE_NOTE = {"X-Auto-Response-Suppress": "OOF"}
# Its encoded form fits in one header line, which may have 998 characters (RFC 5322 §2.1.1).
LONGEST_DISPLAY_NAME_BYTES = 600
# Before a name; in Spanish nobody writes "Estimada/o" before a title.
TITLE = re.compile(
    r"(?:Lic|Licd[ao]|Licenciad[ao]|Dra?|Ing|Mtr[ao]|Abg|Abog|Arq|M\.?Sc|Profa?|Sra?|Srta|Cnel|Gral|Cap)\.? "
)
# The media query for dark mode has to stay a style element; everything else moves into attributes.
inline_css = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False).inline


def compose(
    delivery: Delivery,
    template: str,
    context: Mapping[str, object],
    *,
    name: str,
    language: str,
    contact_email: str,
    ical: bytes | None = None,
) -> EmailMultiAlternatives:
    """Build the message of `delivery` from `mail/<template>/{subject.txt, body.txt, body.html}` in `language`.

    `name` is the recipient's. The headers hold no other name or address but ours and `contact_email`, the webinar's,
    which replies go to. `ical` goes in twice, as the last alternative and as an attachment of the same
    bytes, since calendar programs look for the one or the other; replies to it go to the organizer, who is the sender.
    The sender of the envelope is the message's own address for bounces, if BOUNCE_ADDRESS is set.
    """
    with translation.override(language):
        values = {
            "language": language,
            "base_url": settings.BASE_URL,
            "contact_email": contact_email,
            "reader_has_title": has_title(str(context.get("reader_name", ""))),
            **context,
        }
        subject = " ".join(render_to_string(f"mail/{template}/subject.txt", values).split())
        text = render_to_string(f"mail/{template}/body.txt", values).strip() + "\n"
        html = inline_css(render_to_string(f"mail/{template}/body.html", {**values, "subject": subject}))
        from_header = sender()
    identifier = message_id(delivery, subject=subject, text=text)
    message = MailMessage(
        subject=subject,
        body=text,
        from_email=bounce_address(identifier) or from_header,
        to=[mailbox(_display_name(name), ascii_address(delivery.email))],
        headers={
            "From": from_header,
            "Message-ID": identifier,
            "Auto-Submitted": "auto-generated",
            **NO_ABSENCE_NOTE,
        },
        reply_to=[ascii_address(contact_email)] if ical is None else None,
    )
    message.attach_alternative(html, "text/html")
    if ical is not None:
        message.attach_alternative(ical.decode(), f"text/calendar; method={delivery.ical_method}")
        message.attach("invite.ics", ical, "application/ics")
    return message


def has_title(name: str) -> bool:
    """Return whether `name` begins with a title, such as "Licda." or "Dr."."""
    return bool(TITLE.match(name))


def sender() -> str:
    """Return our address for the From header, with our name in the active language."""
    return mailbox(gettext("RCM webinars"), organizer_address())


def _display_name(name: str) -> str:
    """Return `name` in one line, or the empty string if it is too long for a header."""
    one_line = " ".join(name.split())
    return one_line if len(one_line.encode()) <= LONGEST_DISPLAY_NAME_BYTES else ""


def ascii_address(email: str) -> str:
    """Return `email` with its domain in ASCII (RFC 5890 §2.3.2.1), which "ana@correo.españa" needs."""
    local, _at, domain = email.rpartition("@")
    return f"{local}@{domain.encode('idna').decode()}"
