"""Compares importing 500 people, dry run and save, with parsing the file by openpyxl and bulk_create."""

import io
import re
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import unescape

from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from bench.timing import Ratio, compare
from registrations.models import (
    Delegate,
    Delegation,
    HistoryEvent,
    HistoryKind,
    ParticipantProfile,
    RegistrationPolicy,
    User,
)
from sessions_app.models import Session
from tests.factories import (
    NOW,
    make_country,
    make_delegation,
    make_focal_point,
    make_profiles,
    make_quotas,
    make_webinar,
)

PEOPLE = 500
ROUNDS = 10
A_DAY = timedelta(days=1)
HEADINGS = ("Full name", "E-mail address", "Institution", "Position", "Profile", "Language", "Time zone", "Telephone")
TABLE_FIELD = re.compile(r'name="table" value="([^"]*)"')


def measure() -> Sequence[Ratio]:
    webinar = make_webinar("importing")
    # Views use the present time, so registration must be open now.
    now = timezone.now()
    RegistrationPolicy.objects.filter(webinar=webinar).update(opens_at=now - A_DAY, closes_at=now + A_DAY)
    Session.objects.filter(webinar=webinar).update(starts_at=now + 2 * A_DAY)
    make_quotas(webinar)
    body = make_country("SV", timezones=["America/El_Salvador"])
    delegation = make_delegation(webinar, body)
    user = make_focal_point(body).user
    client = Client()
    client.force_login(user)
    file, profile = _workbook(), make_profiles()["prosecutors"]

    steps = _steps(client, delegation, file)
    _print_shares(steps, delegation)
    return [
        compare(
            f"Importing {PEOPLE} people, dry run and save",
            lambda: _in_turn(steps),
            "bulk creation of the rows, and openpyxl alone",
            lambda: (_parse(file), _create(delegation, profile, user)),
            rounds=ROUNDS,
            warm_up=2,
            before_each=lambda: _empty(delegation),
        )
    ]


def _workbook() -> bytes:
    workbook = Workbook()
    workbook.active.append(HEADINGS)
    for number in range(PEOPLE):
        workbook.active.append(_cells(number))
    content = io.BytesIO()
    workbook.save(content)
    return content.getvalue()


def _cells(number: int) -> tuple[str, ...]:
    name = f"María de los Ángeles Ejemplo {number}"
    return (name, f"import{number}@example.org", "Instituto de ejemplo", "Fiscal", "Prosecutors", "es", "", "+503 0000")


Step = Callable[[str], str]


def _steps(client: Client, delegation: Delegation, file: bytes) -> tuple[Step, Step]:
    """Return the dry run, which returns the table in its page, and the step that saves this table."""
    to_check = reverse("registrations:import-delegates", args=[delegation.slug])
    to_save = reverse("registrations:save-import", args=[delegation.slug])

    def dry_run(_nothing: str) -> str:
        answer = client.post(to_check, {"file": SimpleUploadedFile("people.xlsx", file)})
        found = TABLE_FIELD.search(answer.content.decode())
        assert found is not None
        return unescape(found[1])

    def save(table: str) -> str:
        assert client.post(to_save, {"table": table}).status_code == 302
        return ""

    return dry_run, save


def _in_turn(steps: Sequence[Step]) -> None:
    table = ""
    for step in steps:
        table = step(table)


def _print_shares(steps: Sequence[Step], delegation: Delegation) -> None:
    taken: list[list[float]] = [[] for _ in steps]
    for _round in range(5):
        _empty(delegation)
        table = ""
        for number, step in enumerate(steps):
            begun = time.perf_counter()
            table = step(table)
            taken[number].append((time.perf_counter() - begun) * 1000)
    assert Delegate.objects.filter(delegation=delegation).count() == PEOPLE
    for name, times in zip(("dry run", "save"), taken, strict=True):
        print(f"importing, {name:<12}{statistics.median(times):>9.1f} ms")


def _parse(file: bytes) -> int:
    workbook = load_workbook(io.BytesIO(file), read_only=True, data_only=True)
    return sum(1 for _row in workbook.active.iter_rows(values_only=True))


def _create(delegation: Delegation, profile: ParticipantProfile, user: User) -> None:
    people = Delegate.objects.bulk_create(
        Delegate(
            webinar=delegation.webinar,
            delegation=delegation,
            profile=profile,
            name=name,
            email=email,
            institution=institution,
            position=position,
            language=language,
            timezone="America/El_Salvador",
            phone=phone,
            registered_at=NOW,
            mail_not_before=NOW + timedelta(seconds=20),
        )
        for name, email, institution, position, _profile, language, _zone, phone in map(_cells, range(PEOPLE))
    )
    HistoryEvent.objects.bulk_create(
        HistoryEvent(
            webinar=delegation.webinar,
            delegation=delegation,
            delegate=person,
            kind=HistoryKind.REGISTERED,
            actor=user,
            at=NOW,
        )
        for person in people
    )


def _empty(delegation: Delegation) -> None:
    """Delete what an import stored, and reset the rate limit of imports."""
    cache.clear()
    HistoryEvent.objects.filter(delegation=delegation).delete()
    Delegate.objects.filter(delegation=delegation).delete()
