"""Opens and sends the page of a webinar's registration as a browser does."""

import re
from typing import Any

from django.contrib.messages import get_messages
from django.test import Client

from registrations.models import Delegation, ParticipantProfile, Quota
from sessions_app.models import Webinar
from tests.factories import make_delegate
from tests.filled_form import filled_form

URL = "/admin/webinars/flows/registration/"
AT_ONCE = f"{URL}focal-points/"


def shown(response: Any) -> dict[str, str]:
    return filled_form(response.content.decode())


def send(client: Client, part: str, **changes: Any) -> Any:
    """Open the page, change fields, and press the button of one part."""
    return client.post(URL, shown(client.get(URL)) | changes | {part: ""})


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def flash_messages(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def asked(webinar: Webinar) -> dict[str, tuple[int, int | None]]:
    quotas = Quota.objects.filter(webinar=webinar).select_related("profile")
    return {quota.profile.code: (quota.minimum, quota.maximum) for quota in quotas}


def field(code: str, name: str) -> str:
    return f"quota-{ParticipantProfile.objects.get(code=code).pk}-{name}"


def fill(delegation: Delegation, *, status: str = "draft") -> None:
    for code in asked(delegation.webinar):
        for _number in range(2):
            make_delegate(delegation, code)
    Delegation.objects.filter(pk=delegation.pk).update(status=status)
