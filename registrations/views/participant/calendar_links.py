"""Links that create an entry in a web calendar; they contain the join page, never the address of the room."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode


@dataclass(frozen=True)
class CalendarLinks:
    """Addresses that create an entry in Google Calendar and in Outlook (work or school, and personal)."""

    google: str
    outlook: str
    outlook_personal: str


def calendar_links(*, title: str, starts_at: datetime, ends_at: datetime, join_url: str, text: str) -> CalendarLinks:
    """Build the links for an entry with these values."""
    google = {
        "action": "TEMPLATE",
        "text": title,
        "dates": f"{starts_at.astimezone(UTC):%Y%m%dT%H%M%SZ}/{ends_at.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        "location": join_url,
        "details": text,
    }
    outlook = urlencode(
        {
            "path": "/calendar/action/compose",
            "rru": "addevent",
            "subject": title,
            "startdt": f"{starts_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "enddt": f"{ends_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "location": join_url,
            "body": text,
        }
    )
    return CalendarLinks(
        google=f"https://calendar.google.com/calendar/render?{urlencode(google)}",
        outlook=f"https://outlook.office.com/calendar/0/deeplink/compose?{outlook}",
        outlook_personal=f"https://outlook.live.com/calendar/0/deeplink/compose?{outlook}",
    )
