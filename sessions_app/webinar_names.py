"""The name of a webinar in lists, selects and page heads: its days, its title and its state.

With twenty webinars of similar titles, the days tell them apart; so they come first (look: "dates before the title").
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, Max, Min, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

from sessions_app.hours import format_days
from sessions_app.models import Release, Webinar
from sessions_app.participants import get_participants


class WebinarState(models.TextChoices):
    """How far a webinar is. It is computed, never stored; a later stage hides an earlier one."""

    DRAFT = "draft", pgettext_lazy("state of a webinar", "draft")
    RELEASED = "released", pgettext_lazy("state of a webinar", "agenda released")
    REGISTRATION_OPEN = "registration_open", pgettext_lazy("state of a webinar", "registration open")
    REGISTRATION_CLOSED = "registration_closed", pgettext_lazy("state of a webinar", "registration closed")
    OVER = "over", pgettext_lazy("state of a webinar", "over")
    CANCELLED = "cancelled", pgettext_lazy("state of a webinar", "cancelled")


# The states of the webinars that are no longer ahead.
PAST_STATES = (WebinarState.OVER, WebinarState.CANCELLED)


@dataclass(frozen=True)
class WebinarName:
    """The name of one webinar; `str()` gives "14–15 Dec 2026 · Mass intra-regional flows · registration open".

    The days are those of the sessions as they are edited, in the webinar's zone; cancelled sessions count only if
    there are no others. Texts are in the active language.
    """

    webinar: Webinar
    state: WebinarState
    first_starts_at: datetime | None
    last_starts_at: datetime | None

    @property
    def title(self) -> str:
        """The short title, or the whole one where there is no short one."""
        return str(self.webinar.short_title)

    @property
    def days(self) -> str:
        return self._format_days(with_weekdays=False)

    @property
    def days_with_weekdays(self) -> str:
        return self._format_days(with_weekdays=True)

    @property
    def dated_title(self) -> str:
        """The name where nobody asks for the state: "14–15 Dec 2026 · Mass intra-regional flows"."""
        return f"{self.days} · {self.title}"

    def __str__(self) -> str:
        return f"{self.dated_title} · {self.state.label}"

    def _format_days(self, *, with_weekdays: bool) -> str:
        if self.first_starts_at is None or self.last_starts_at is None:
            return _("no date yet")
        return format_days(
            self.first_starts_at,
            self.last_starts_at,
            self.webinar.timezone,
            get_language() or "en",
            with_weekdays=with_weekdays,
        )


def with_names(webinars: "QuerySet[Webinar]", *, now: datetime) -> "QuerySet[Any, Any]":
    """Annotate `webinars` with what `name_of` reads: no further query for a name.

    Joins all their sessions, so `webinars` must not be filtered by sessions.
    """
    starts, takes_place = "sessions__starts_at", Q(sessions__cancelled_at=None)
    # As in rule 7: the released hours decide, or those of the draft before anything is released.
    is_over = Q(released_ends_at__lte=now) | Q(released_ends_at=None, last_starts_at__lt=now)
    return webinars.annotate(
        first_starts_at=Coalesce(Min(starts, filter=takes_place), Min(starts)),
        last_starts_at=Coalesce(Max(starts, filter=takes_place), Max(starts)),
        released_ends_at=Max("sessions__released__ends_at", filter=Q(sessions__released__is_cancelled=False)),
        registration_state=get_participants().registration_state(now),
        state=Case(
            When(cancelled_at__isnull=False, then=Value(str(WebinarState.CANCELLED))),
            When(is_over, then=Value(str(WebinarState.OVER))),
            When(~Q(registration_state=""), then=F("registration_state")),
            When(Exists(Release.objects.filter(webinar=OuterRef("pk"))), then=Value(str(WebinarState.RELEASED))),
            default=Value(str(WebinarState.DRAFT)),
        ),
    )


def name_of(webinar: Webinar) -> WebinarName:
    """Return the name of a webinar from a query `with_names`."""
    row: Any = webinar
    return WebinarName(webinar, WebinarState(row.state), row.first_starts_at, row.last_starts_at)


def named_webinar(path: str = "webinar", *, now: datetime) -> "Prefetch[Any]":
    """Return a prefetch of the webinar of each row, `with_names`: one query, or none for no row."""
    return Prefetch(path, with_names(Webinar.objects.all(), now=now))


def webinars_ahead(*, now: datetime) -> "QuerySet[Webinar]":
    """Return the webinars ahead or under way, `with_names`, the next one first and those without sessions last."""
    rows = with_names(Webinar.objects.all(), now=now).exclude(state__in=PAST_STATES)
    return rows.order_by(F("first_starts_at").asc(nulls_last=True), "slug")


def webinars_past(*, now: datetime) -> "QuerySet[Webinar]":
    """Return the webinars that are over or cancelled, `with_names`, the latest first."""
    rows = with_names(Webinar.objects.all(), now=now).filter(state__in=PAST_STATES)
    return rows.order_by(F("first_starts_at").desc(nulls_last=True), "slug")


def names_by_id(ids: Iterable[int], *, now: datetime) -> dict[int, WebinarName]:
    """Return the names of the webinars with these ids. One query, and none for no id."""
    wanted = set(ids)
    return (
        {row.pk: name_of(row) for row in with_names(Webinar.objects.filter(pk__in=wanted), now=now)} if wanted else {}
    )


def load_name(webinar: Webinar, *, now: datetime) -> WebinarName:
    """Return the name of one webinar. One query."""
    return names_by_id([webinar.pk], now=now)[webinar.pk]


def webinar_choices(*, now: datetime, value: str = "pk", empty: str = "---------") -> list[Any]:
    """Return the choices of a select in two groups: what is ahead, the next one first, and what is past. Two queries.

    `value` is the attribute of a webinar that is submitted, `empty` the label of no choice.
    """
    groups = ((_("Ahead"), webinars_ahead(now=now)), (_("Past"), webinars_past(now=now)))
    named = [(label, [(getattr(row, value), str(name_of(row))) for row in rows]) for label, rows in groups]
    return [("", empty), *((label, choices) for label, choices in named if choices)]


def with_words(webinars: "QuerySet[Webinar]", words: str) -> "QuerySet[Webinar]":
    """Return those of `webinars` whose titles or slug contain each of `words`."""
    for word in words.split():
        webinars = webinars.filter(Q(title_en__icontains=word) | Q(title_es__icontains=word) | Q(slug__icontains=word))
    return webinars
