"""Compares building an invitation up to its bytes with Django's own classes and icalendar, step by step."""

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import cycle, islice
from types import ModuleType
from typing import Any
from unittest.mock import patch

from django.core.mail import EmailMultiAlternatives

from bench.timing import Ratio
from registrations import calendar_session
from registrations.messages import calendar, composing
from registrations.messages.calendar import mail
from registrations.messages.composing import sessions
from registrations.models import Delivery
from registrations.services.delivering.plan import plan
from sessions_app import hours
from sessions_app.releases import release_webinar
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_quotas, make_webinar
from tests.plain_mail import plain_calendar, plain_day, plain_join_url, plain_page_url

ROUNDS = 1_000
WARM_UP = 50
PEOPLE = 250
KINDS_OF_READERS = (
    ("María José Ejemplo Núñez", "es", "America/Tegucigalpa"),
    ("Ana Muestra", "es", "America/Panama"),
    ("Luis Ángel de la Muestra", "es", "America/Santo_Domingo"),
    ("Sam Sample", "en", "America/Belize"),
)
MIME = "MIME"
# The functions that are timed, by step; each is replaced in the module that calls it.
STEPS: tuple[tuple[str, ModuleType, str], ...] = (
    ("icalendar", mail, "build_ical"),
    ("templates", composing, "render_to_string"),
    ("CSS into attributes", composing, "inline_css"),
    ("links", sessions, "page_url"),
    ("links", sessions, "join_url"),
    ("links", calendar_session, "join_url"),
    ("hours", sessions, "hours_for"),
    ("hours", calendar_session, "hours_for"),
)
# What the plain implementation calls instead of our functions.
PLAIN_REPLACEMENTS: tuple[tuple[ModuleType, str, object], ...] = (
    (composing, "MailMessage", EmailMultiAlternatives),
    (mail, "build_ical", plain_calendar),
    (sessions, "page_url", plain_page_url),
    (sessions, "join_url", plain_join_url),
    (calendar_session, "join_url", plain_join_url),
    (hours, "format_day", plain_day),
)

# Milliseconds by step.
Times = dict[str, float]


def measure() -> Sequence[Ratio]:
    ours: list[Times] = []
    plain: list[Times] = []
    for number, delivery in enumerate(islice(cycle(_invitations()), WARM_UP + ROUNDS)):
        for taken, replaced in ((ours, ()), (plain, PLAIN_REPLACEMENTS)):
            with _replaced(replaced):
                times = _build(delivery)
            if number >= WARM_UP:
                taken.append(times)
    _print_shares(ours, plain)
    return [Ratio("Building an invitation", _median(ours), "Django's classes and icalendar", _median(plain))]


def _invitations() -> list[Delivery]:
    webinar = make_webinar("building")
    make_quotas(webinar)
    release_webinar(webinar, by=None, now=NOW)
    delegation = make_delegation(webinar, make_country("BZ"), status="accepted")
    for number in range(PEOPLE):
        name, language, zone = KINDS_OF_READERS[number % len(KINDS_OF_READERS)]
        make_delegate(delegation, name=f"{name} {number}", language=language, timezone=zone, admitted_at=NOW)
    plan(now=NOW)
    owed = Delivery.objects.filter(kind="invitation", delegate__delegation=delegation)
    return list(calendar.with_related(owed))


def _build(delivery: Delivery) -> Times:
    """Build one message and write its bytes; return the CPU time of this process by step."""
    taken: Times = defaultdict(float)
    with _replaced([(where, name, _timed(getattr(where, name), step, taken)) for step, where, name in STEPS]):
        begun = time.process_time()
        built = calendar.build(delivery)
        between = time.process_time()
        built.message().as_bytes(linesep="\r\n")
        ended = time.process_time()
    taken[MIME] = (ended - between) * 1000
    taken["the rest"] = (ended - begun) * 1000 - sum(taken.values())
    return taken


def _timed(function: Callable[..., Any], step: str, taken: Times) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        begun = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            taken[step] += (time.process_time() - begun) * 1000

    return call


def built_plainly() -> AbstractContextManager[None]:
    """Build messages within the context with Django's own classes and icalendar."""
    return _replaced(PLAIN_REPLACEMENTS)


@contextmanager
def _replaced(attributes: Sequence[tuple[ModuleType, str, object]]) -> Iterator[None]:
    with ExitStack() as stack:
        for where, name, value in attributes:
            stack.enter_context(patch.object(where, name, value))
        yield


def _median(messages: list[Times], step: str = "") -> float:
    """Return the median time of one step, or of the whole message."""
    return statistics.median(each[step] if step else sum(each.values()) for each in messages)


def _print_shares(ours: list[Times], plain: list[Times]) -> None:
    print(f"{'building an invitation':<32}{'ms':>9}{'share':>8}{'plainly':>11}{'share':>8}")
    for step in sorted(ours[0], key=lambda step: -_median(plain, step)):
        (our_ms, our_share), (plain_ms, plain_share) = (
            (_median(way, step), _median(way, step) / _median(way)) for way in (ours, plain)
        )
        print(f"  {step:<30}{our_ms:>9.3f}{our_share:>8.0%}{plain_ms:>11.3f}{plain_share:>8.0%}")
    print(f"  {'all':<30}{_median(ours):>9.3f}{'':>8}{_median(plain):>11.3f}\n")
