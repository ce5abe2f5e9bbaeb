from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from registrations.views.participant.calendar_links import calendar_links

START = datetime(2026, 11, 16, 9, 0, tzinfo=ZoneInfo("America/Tegucigalpa"))
END = datetime(2026, 11, 16, 11, 0, tzinfo=ZoneInfo("America/Tegucigalpa"))
LINKS = calendar_links(
    title="Flujos & desafíos",
    starts_at=START,
    ends_at=END,
    join_url="https://webinars.example.org/es/my/1.1~x/join/1/",
    text="Entrar: aquí\nPreguntas",
)


def parts(address):
    split = urlsplit(address)
    return f"{split.scheme}://{split.netloc}{split.path}", {
        name: value for name, (value,) in parse_qs(split.query, strict_parsing=True).items()
    }


def test_the_google_link_has_utc_times_and_the_join_page_as_location():
    assert parts(LINKS.google) == (
        "https://calendar.google.com/calendar/render",
        {
            "action": "TEMPLATE",
            "text": "Flujos & desafíos",
            "dates": "20261116T150000Z/20261116T170000Z",
            "location": "https://webinars.example.org/es/my/1.1~x/join/1/",
            "details": "Entrar: aquí\nPreguntas",
        },
    )


def test_both_outlook_links_have_the_same_entry():
    address, values = parts(LINKS.outlook)

    assert address == "https://outlook.office.com/calendar/0/deeplink/compose"
    assert values == {
        "path": "/calendar/action/compose",
        "rru": "addevent",
        "subject": "Flujos & desafíos",
        "startdt": "2026-11-16T15:00:00Z",
        "enddt": "2026-11-16T17:00:00Z",
        "location": "https://webinars.example.org/es/my/1.1~x/join/1/",
        "body": "Entrar: aquí\nPreguntas",
    }
    assert parts(LINKS.outlook_personal) == ("https://outlook.live.com/calendar/0/deeplink/compose", values)
