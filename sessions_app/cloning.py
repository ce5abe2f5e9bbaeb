"""Copies the agenda of an earlier webinar to a new one on other days; nothing of the copy is public."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from sessions_app.bilingual import Bilingual
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar
from sessions_app.models.session import LONGEST_SESSION_MINUTES
from sessions_app.organisers import organisers_of, write_organisers
from sessions_app.zones import validate_year


class CloneRefused(Exception):
    """The webinar cannot be cloned with these values; `message` is about the input `field`. Nothing was created."""

    def __init__(self, field: str, message: str | Promise) -> None:
        self.field, self.message = field, message
        super().__init__(str(message))


@dataclass(frozen=True)
class Clone:
    """A new webinar; its sessions are `days` calendar days later than those of the original."""

    webinar: Webinar
    days: int


@transaction.atomic
def clone_agenda(webinar: Webinar, *, slug: str, title: Bilingual, starts_on: date, now: datetime) -> Clone:
    """Create a copy of `webinar` whose first session is on `starts_on`, a day in the webinar's time zone.

    All sessions move by the same number of days. Each keeps its local hour, also across a change of the clocks, and
    gets new calendar UIDs. Texts, languages, organisers, items and speakers are copied; rooms, releases and cancelled
    sessions are not.
    Raises CloneRefused for an invalid slug or title, a title that is the original's in its language, a slug that is
    taken, a day that is past or on which another webinar takes place, and for a local hour that does not exist on the
    new day.
    """
    sessions = list(webinar.sessions.filter(cancelled_at=None).order_by("starts_at", "number"))
    if not sessions:
        raise CloneRefused(
            "starts_on",
            _("This webinar has no session that takes place. Choose another webinar to begin with, or add a session."),
        )
    days = (starts_on - _local_time(sessions[0].starts_at, webinar).date()).days
    _check_first_day(webinar, starts_on, now=now)
    starts = [_moved_start(session, webinar, days) for session in sessions]
    _check_no_overlap(sessions, starts)
    _check_title_differs(webinar, title)
    clone = _clone_webinar(webinar, slug=slug, title=title)
    write_organisers(clone, organisers_of(webinar))
    speakers = copy_speakers(webinar, clone)
    for number, (session, starts_at) in enumerate(zip(sessions, starts, strict=True), start=1):
        _clone_session(session, clone, number=number, starts_at=starts_at, speakers=speakers)
    return Clone(clone, days)


def moved_by_days(instant: datetime, zone: str, days: int) -> datetime:
    """Return the UTC instant `days` days after `instant`, at the same local hour in `zone`."""
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return (local + timedelta(days=days)).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _local_time(instant: datetime, webinar: Webinar) -> datetime:
    return instant.astimezone(ZoneInfo(webinar.timezone)).replace(tzinfo=None)


def _check_first_day(webinar: Webinar, starts_on: date, *, now: datetime) -> None:
    _check_year(starts_on)
    if starts_on <= _local_time(now, webinar).date():
        raise CloneRefused("starts_on", _("Please choose a day that is still to come."))


def _check_year(day: date) -> None:
    try:
        validate_year(day)
    except ValidationError as error:
        raise CloneRefused("starts_on", error.messages[0]) from error


def _moved_start(session: Session, webinar: Webinar, days: int) -> datetime:
    starts_at = moved_by_days(session.starts_at, webinar.timezone, days)
    _check_year(starts_at)
    if _local_time(starts_at, webinar).time() != _local_time(session.starts_at, webinar).time():
        raise CloneRefused(
            "starts_on",
            _(
                "Session %(number)s would begin at an hour that does not exist: the clocks are put forward that day. "
                "Choose another day."
            )
            % {"number": session.number},
        )
    return starts_at


def _check_no_overlap(sessions: Iterable[Session], starts: Iterable[datetime]) -> None:
    """Raise CloneRefused if a session of another webinar overlaps: the same people take part in both."""
    planned = [
        (starts_at, starts_at + timedelta(minutes=session.duration_minutes))
        for session, starts_at in zip(sessions, starts, strict=True)
    ]
    if others := sessions_at_the_time_of(planned):
        raise CloneRefused(
            "starts_on",
            _("“%(webinar)s” takes place at the same time. Choose another day.") % {"webinar": others[0].webinar},
        )


def sessions_at_the_time_of(planned: Sequence[tuple[datetime, datetime]]) -> list[Session]:
    """Return the sessions of other webinars that overlap a planned one, given as (start, end). One query."""
    longest = timedelta(minutes=LONGEST_SESSION_MINUTES)
    near = Session.objects.filter(
        starts_at__gt=min(starts_at for starts_at, _ends_at in planned) - longest,
        starts_at__lt=max(ends_at for _starts_at, ends_at in planned),
        cancelled_at=None,
        webinar__cancelled_at=None,
    ).select_related("webinar")
    return [
        session
        for session in near.order_by("starts_at")
        if any(session.starts_at < ends_at and starts_at < session.ends_at for starts_at, ends_at in planned)
    ]


def _check_title_differs(webinar: Webinar, title: Bilingual) -> None:
    """Raise CloneRefused if a title is the original's: lists and mails could not tell the two webinars apart."""
    for field, own, new in (("title_en", webinar.title_en, title.en), ("title_es", webinar.title_es, title.es)):
        if new.strip() and new.casefold().split() == own.casefold().split():
            raise CloneRefused(
                field,
                _("The earlier webinar has this title too. Add what tells the two apart, such as the year."),
            )


def _clone_webinar(webinar: Webinar, *, slug: str, title: Bilingual) -> Webinar:
    clone = Webinar(
        **_copied_values(webinar, without={"slug", "title_en", "title_es", "cancelled_at", "definition_shift_minutes"}),
        slug=slug.strip(),
        title_en=title.en.strip(),
        title_es=title.es.strip(),
    )
    try:
        clone.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise CloneRefused(field, messages[0]) from error
    try:
        with transaction.atomic():
            clone.save()
    except IntegrityError as error:
        # Another request created a webinar with this slug since `full_clean` looked.
        raise CloneRefused("slug", clone.unique_error_message(Webinar, ("slug",)).messages[0]) from error
    return clone


def _copied_values(row: models.Model, *, without: Iterable[str]) -> dict[str, object]:
    """Return the values of `row` by column, except unique fields (also the key), relations and those in `without`."""
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not (field.unique or field.is_relation or getattr(field, "auto_now_add", False) or field.name in without)
    }


def copy_speakers(webinar: Webinar, clone: Webinar) -> dict[int, Speaker]:
    """Copy the speakers of `webinar` to `clone`; return the copies by the primary keys of the originals."""
    return {
        row.pk: Speaker.objects.create(webinar=clone, **_copied_values(row, without=()))
        for row in webinar.speakers.all()
    }


def _clone_session(
    session: Session, clone: Webinar, *, number: int, starts_at: datetime, speakers: dict[int, Speaker]
) -> None:
    rooms = {"room_url", "backup_room_url", "uses_backup_room"}
    values = _copied_values(session, without={"number", "starts_at", "cancelled_at", *rooms})
    copy = Session.objects.create(webinar=clone, number=number, starts_at=starts_at, **values)
    copy_items(session, copy, speakers)


def copy_items(session: Session, copy: Session, speakers: Mapping[int, Speaker]) -> None:
    """Copy the items of `session` to `copy`, with the copies of their speakers as `copy_speakers` returns them."""
    for item in session.items.prefetch_related("item_speakers"):
        copied = AgendaItem.objects.create(session=copy, **_copied_values(item, without=()))
        AgendaItemSpeaker.objects.bulk_create(
            AgendaItemSpeaker(item=copied, speaker=speakers[part.speaker_id], **_copied_values(part, without=()))
            for part in item.item_speakers.all()
        )
