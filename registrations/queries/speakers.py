"""Links between the speakers of the agenda and the delegates of a webinar, and when the speakers appear."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from registrations.models import Delegate
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, SpeakerKind, SpeakerRole


@dataclass(frozen=True)
class Appearance:
    """A speaker's role in one item of the draft agenda."""

    session: Session
    item: AgendaItem
    role: str
    starts_at: datetime

    @property
    def role_label(self) -> str:
        """The role in the reader's language."""
        return str(SpeakerRole(self.role).label)


@dataclass(frozen=True)
class SpeakerWithDelegate:
    """A speaker, their appearances in sessions that take place, and the delegate who is linked to them.

    `other_delegates` are further active delegates with the same link, which is most often an error.
    """

    speaker: Speaker
    appearances: tuple[Appearance, ...]
    delegate: Delegate | None = None
    other_delegates: tuple[Delegate, ...] = ()

    @property
    def has_another_name(self) -> bool:
        """Whether the names of speaker and delegate have no word in common, so that the link may be wrong."""
        return self.delegate is not None and have_no_word_in_common(self.delegate.name, self.speaker.name_en)


def speakers_among(people: Iterable[Delegate]) -> list[SpeakerWithDelegate]:
    """Return the speakers linked to `people`, whose `speaker` is loaded. Two queries; none without speakers."""
    linked = [(person, person.speaker) for person in people if person.speaker is not None]
    if not linked:
        return []
    speakers = [speaker for _person, speaker in linked]
    found = _appearances(speaker__in=speakers)
    by_speaker: dict[int | None, list[Delegate]] = defaultdict(list)
    for delegate in (
        Delegate.objects.active().filter(speaker__in=speakers).select_related("delegation__body").order_by("pk")
    ):
        by_speaker[delegate.speaker_id].append(delegate)
    return [
        SpeakerWithDelegate(
            speaker,
            found.get(speaker.pk, ()),
            person,
            other_delegates=tuple(delegate for delegate in by_speaker[speaker.pk] if delegate != person),
        )
        for person, speaker in linked
    ]


def unlinked_speakers(webinar_id: int) -> "QuerySet[Speaker]":
    """Return the persons on the agenda without an active delegate, who get no invitation. Costs one query."""
    linked = Delegate.objects.active().filter(webinar=webinar_id, speaker=OuterRef("pk"))
    speaking = Exists(_agenda_roles(speaker=OuterRef("pk")))
    speakers = Speaker.objects.filter(speaking, webinar=webinar_id, kind=SpeakerKind.PERSON).exclude(Exists(linked))
    return speakers.order_by("name_en", "pk")


def unlinked_speakers_with_appearances(webinar_id: int) -> list[SpeakerWithDelegate]:
    """Return `unlinked_speakers` with their appearances. Costs at most two queries."""
    speakers = list(unlinked_speakers(webinar_id))
    found = _appearances(speaker__in=speakers) if speakers else {}
    return [SpeakerWithDelegate(speaker, found.get(speaker.pk, ())) for speaker in speakers]


def _agenda_roles(**which: Any) -> Any:
    return AgendaItemSpeaker.objects.filter(**which, item__session__cancelled_at__isnull=True)


def _appearances(**which: Any) -> dict[int, tuple[Appearance, ...]]:
    """Return the appearances by speaker id; an item begins when the items before it have ended (rule 10)."""
    before = AgendaItem.objects.filter(session=OuterRef("item__session"), position__lt=OuterRef("item__position"))
    minutes = before.order_by().values("session").annotate(total=Sum("minutes")).values("total")
    parts = (
        _agenda_roles(**which)
        .annotate(minutes_before=Coalesce(Subquery(minutes), 0))
        .select_related("item__session")
        .order_by("item__session__number", "item__position", "position")
    )
    found: dict[int, list[Appearance]] = defaultdict(list)
    for part in parts:
        session = part.item.session
        starts_at = session.starts_at + timedelta(minutes=part.minutes_before)
        found[part.speaker_id].append(Appearance(session, part.item, part.role, starts_at))
    return {speaker_id: tuple(appearances) for speaker_id, appearances in found.items()}


def have_no_word_in_common(name: str, other: str) -> bool:
    """Whether two names have no word in common, ignoring case and accents."""
    return not _name_words(name) & _name_words(other)


def _name_words(name: str) -> set[str]:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(
        character if character.isalnum() else " " for character in decomposed if not unicodedata.combining(character)
    )
    # Initials and particles such as "de" do not identify anybody.
    return {word for word in letters.split() if len(word) > 2} or set(letters.split())
