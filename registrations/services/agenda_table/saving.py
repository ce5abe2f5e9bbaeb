"""Stores the items of a table that was read without errors."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.services.agenda_table.reading import TableItem, TableSpeaker, unsaved_item, unsaved_speaker
from sessions_app.editing import add_speaker, insert_item, remove_items
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar


@dataclass
class AddedItems:
    """What `add_items` stored and removed."""

    added: list[AgendaItem] = field(default_factory=list)
    removed: list[AgendaItem] = field(default_factory=list)


@transaction.atomic
def add_items(
    session: Session, items: Sequence[TableItem], *, seen: Sequence[int], replaces: bool = False
) -> AddedItems:
    """Add the valid `items` behind those of `session`, or in their place, with their speakers.

    A speaker of the webinar with the same name is taken; the others are made. Locks the webinar, then the session.
    Raises NotPossibleNow unless the session has the items with the ids `seen`, in that order: so the same table is not
    added twice.
    """
    Webinar.objects.select_for_update(no_key=True).get(pk=session.webinar_id)
    Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    stored = list(session.items.order_by("position"))
    if [item.pk for item in stored] != list(seen):
        raise NotPossibleNow(
            _("Someone has changed the items of this session meanwhile. Please look again."),
        )
    result = AddedItems(removed=stored if replaces else [])
    if replaces:
        remove_items(session, seen)
    speakers = {speaker.name_en.casefold(): speaker for speaker in session.webinar.speakers.order_by("-code")}
    for each in items:
        item = unsaved_item(each, session)
        insert_item(item)
        result.added.append(item)
        roles = {(_speaker_for(named, session, speakers), named.role): None for named in each.speakers}
        AgendaItemSpeaker.objects.bulk_create(
            AgendaItemSpeaker(item=item, speaker=speaker, role=role, position=position)
            for position, (speaker, role) in enumerate(roles, start=1)
        )
    return result


def _speaker_for(named: TableSpeaker, session: Session, speakers: dict[str, Speaker]) -> Speaker:
    key = named.name.casefold()
    if key not in speakers:
        speakers[key] = unsaved_speaker(named, session)
        add_speaker(speakers[key])
    return speakers[key]
