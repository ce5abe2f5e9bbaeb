"""The draft agenda as its page shows it: the hours of each item, the minutes left, and warnings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sessions_app.admin.agenda import describe_untranslated
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Webinar
from sessions_app.webinar_setup import SessionPlan, overlaps


@dataclass(frozen=True)
class ReviewedItem:
    """An item with its hours as they are stored; `untranslated` is a sentence, or empty."""

    item: AgendaItem
    starts_at: datetime
    ends_at: datetime
    untranslated: str


@dataclass(frozen=True)
class ReviewedSession:
    """A session with its items; `overlap` is a sentence if it begins before an earlier one ends, or empty."""

    session: Session
    items: tuple[ReviewedItem, ...]
    overlap: str

    @property
    def minutes_used(self) -> int:
        ends_at = self.items[-1].ends_at if self.items else self.session.starts_at
        return int((ends_at - self.session.starts_at).total_seconds() // 60)

    @property
    def minutes_left(self) -> int:
        """The minutes that no item fills; negative if the items are too long."""
        return self.session.duration_minutes - self.minutes_used

    @property
    def minutes_too_long(self) -> int:
        return max(0, -self.minutes_left)

    @property
    def untranslated_count(self) -> int:
        """The number of texts, the title and each item, that lack a language."""
        is_title_missing = not (self.session.title_en and self.session.title_es)
        return is_title_missing + sum(bool(each.untranslated) for each in self.items)

    def warnings(self) -> Iterator[str]:
        """Yield what does not prevent a release; minutes without an item are in `release_warnings`."""
        if self.session.cancelled_at is not None:
            return
        number = {"number": self.session.number}
        if self.overlap:
            yield _("Session %(number)s: ") % number + self.overlap
        if not self.session.current_room_url:
            yield _("Session %(number)s: it has no room.") % number
        if count := self.untranslated_count:
            text = ngettext(
                "Session %(number)s: %(count)s text lacks a language.",
                "Session %(number)s: %(count)s texts lack a language.",
                count,
            )
            yield text % (number | {"count": count})


def review_agenda(webinar: Webinar) -> list[ReviewedSession]:
    """Return the sessions of `webinar` as they are edited, by number, with items and speakers. Three queries.

    Hours in sentences are those of the active time zone.
    """
    speakers = AgendaItemSpeaker.objects.select_related("speaker").order_by("position", "pk")
    items = AgendaItem.objects.order_by("position").prefetch_related(Prefetch("item_speakers", speakers))
    sessions = list(webinar.sessions.order_by("number").prefetch_related(Prefetch("items", items)))
    overlap_of = _overlaps(sessions)
    return [
        ReviewedSession(session, tuple(_reviewed_items(session)), overlap_of.get(session.number, ""))
        for session in sessions
    ]


def _overlaps(sessions: Sequence[Session]) -> dict[int, str]:
    return overlaps(
        [
            SessionPlan(session.number, session.starts_at, session.duration_minutes, session.title)
            for session in sessions
            if session.cancelled_at is None
        ]
    )


def _reviewed_items(session: Session) -> Iterator[ReviewedItem]:
    starts_at = session.starts_at
    for item in session.items.all():
        item.session = session
        ends_at = starts_at + timedelta(minutes=item.minutes)
        yield ReviewedItem(item, starts_at, ends_at, describe_untranslated(item))
        starts_at = ends_at
