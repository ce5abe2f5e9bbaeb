"""The receipt of a submitted delegation as a PDF: tagged (PDF/UA-1), with its fonts, for printing and for superiors."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import qrcode
import typst
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from registrations.messages.composing.next_step import next_step
from registrations.models import Delegation, User
from registrations.queries import zone_for_focal_point
from registrations.queries.receipts import Receipt, ReceiptProfile
from sessions_app.hours import hours_for
from sessions_app.models import ReleasedSession

TEMPLATE = Path(settings.BASE_DIR) / "templates" / "pdf" / "receipt.typ"
# More people than this stand in two columns, without their institutions. About 60 fill the page; more continue on
# further pages, each with the code and its number.
MAX_IN_ONE_COLUMN = 16


def receipt_pdf(
    receipt: Receipt,
    delegation: Delegation,
    user: User,
    *,
    sessions: Sequence[ReleasedSession],
    language: str,
    now: datetime,
) -> bytes:
    """Return the receipt in `language`, with hours in the zone of `user` and the state of the delegation at `now`.

    `sessions` are those of the webinar in the order of time. No query, no network.
    """
    with translation.override(language):
        url = f"{settings.BASE_URL}{reverse('registrations:verify', args=[receipt.code.written])}"
        steps = next_step(delegation, user, sessions=sessions, language=language, now=now)
        data = {
            "language": language,
            "title": _("Acknowledgement of receipt"),
            "issuer": _("Regional Conference on Migration"),
            "code": receipt.code.written,
            "verify_label": _("Whoever scans this code sees the figures of this acknowledgement: %(url)s")
            % {"url": url},
            "facts": _facts(receipt, delegation, user, language=language, now=now),
            "parts": [*_gaps(receipt), {"heading": _("What happens next"), "lines": steps}, _how_to_check(url)],
            "people_heading": _("People named"),
            "profiles": [_profile(line) for line in receipt.profiles],
            "is_long": receipt.named > MAX_IN_ONE_COLUMN,
        }
    return _compile({"data": json.dumps(data), "qr": _qr_code(url)}, now)


def _facts(
    receipt: Receipt, delegation: Delegation, user: User, *, language: str, now: datetime
) -> list[dict[str, str]]:
    def hour(at: datetime) -> str:
        zones = {"reader_zone": zone_for_focal_point(user, delegation), "webinar_zone": delegation.webinar.timezone}
        return str(hours_for(at, None, **zones, language=language, with_year=True))

    event = receipt.code.event
    facts = {
        _("Delegation"): str(delegation.body),
        _("Webinar"): str(delegation.webinar.title),
        _("Submitted"): hour(event.at),
        _("Submitted by"): str(event.actor),
        _("State"): f"{delegation.get_status_display()} · {hour(now)}",
    }
    return [{"label": label, "text": text} for label, text in facts.items()]


def _gaps(receipt: Receipt) -> list[dict[str, Any]]:
    """Return the part about what was missing at the submission and why, if anything was."""
    if not receipt.is_incomplete:
        return []
    lines = [f"{_name_of(line)}: {line.missing}" for line in receipt.gaps]
    if receipt.lacks_letter:
        lines.append(capfirst(_("the nomination letter")))
    if reason := receipt.code.event.reason:
        lines.append(f"{_('Reason given:')} {reason}")
    return [{"heading": _("Missing when it was submitted"), "lines": lines}]


def _how_to_check(url: str) -> dict[str, Any]:
    return {"heading": _("To check this document"), "lines": [url]}


def _profile(line: ReceiptProfile) -> dict[str, Any]:
    count = _("%(named)s of %(floor)s") % {"named": line.named, "floor": line.asked} if line.asked else line.named
    people = [{"name": person.name, "institution": person.institution} for person in line.people]
    return {"heading": f"{_name_of(line)}: {count}", "people": people}


def _name_of(line: ReceiptProfile) -> str:
    return str(line.profile.name) if line.profile is not None else _("People")


def _qr_code(url: str) -> str:
    """Return a QR code with the URL as an SVG image."""
    code = qrcode.QRCode(border=0, image_factory=SvgPathImage)
    code.add_data(url)
    image: str = code.make_image().to_string(encoding="unicode")
    return image


def _compile(inputs: dict[str, str], now: datetime) -> bytes:
    """Compile the template, which takes `inputs` as data.

    PDF/UA-1 refuses letters that none of the fonts has; a document with such a name is written without that standard.
    """

    # typst takes whole seconds only.
    timestamp = now.replace(microsecond=0)

    def write(**options: Any) -> bytes:
        pdf: bytes = typst.compile(
            TEMPLATE, root=TEMPLATE.parent, sys_inputs=inputs, ignore_system_fonts=True, timestamp=timestamp, **options
        )
        return pdf

    try:
        return write(pdf_standards="ua-1")
    except typst.TypstError:
        return write()
