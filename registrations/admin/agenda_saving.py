"""Saves what the page of an agenda changed, and notes it in the history of each session and speaker."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop

from registrations.exceptions import RuleBroken
from registrations.forms.agenda import AgendaForms, OpenItem, SpeakerRow
from registrations.forms.errors import add_broken_rule
from registrations.models import Delegate, User
from registrations.services.speakers import link_speaker
from sessions_app.admin.change_log import changes_in, touched_row
from sessions_app.concurrent_edits import save_changed_fields
from sessions_app.editing import add_speaker, insert_item, next_session_number, remove_items
from sessions_app.forms import ItemForm
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, Webinar
from sessions_app.webinar_setup import unsaved_session


@dataclass
class AgendaLog:
    """The parts of the change messages that saving caused, by session and by speaker; new sessions apart."""

    sessions: dict[Session, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    speakers: dict[Speaker, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    new_sessions: list[Session] = field(default_factory=list)

    def add(self, verb: str, item: AgendaItem, changes: dict[str, Any] | None = None) -> None:
        """Note that `item` was "added", "deleted" or "changed"; `changes` come from `changes_in` and may be empty."""
        if changes != {}:
            self.sessions[item.session].append(touched_row(verb, item, **(changes or {})))


class NotLinked(Exception):
    """A rule forbids a link to a registered person; the message stands beside the row, and nothing was saved."""


@transaction.atomic
def save_agenda(forms: AgendaForms, opened: OpenItem | None, *, webinar: Webinar, by: User, now: datetime) -> AgendaLog:
    """Save the valid `forms`, only the fields that were changed, and return what was done.

    The caller has locked the webinar. Locks the session of a new or removed item, then what `link_speaker` locks.
    Raises NotLinked, with nothing saved, and RowDeleted if another user removed an item meanwhile.
    """
    log = AgendaLog()
    for form in forms.minutes.values():
        if form.is_bound and form.has_changed():
            save_changed_fields(form.instance, form.changed_data)
            log.add("changed", form.instance, changes_in(form.instance, form))
    if opened is not None and forms.item is not None and forms.item.is_bound:
        _save_item(forms.item, forms.speakers, opened, log, by=by, now=now)
    plan = forms.session.plan(0) if forms.session.is_bound else None
    if plan is not None:
        session = unsaved_session(webinar, plan, number=next_session_number(webinar))
        session.save(force_insert=True)
        log.new_sessions.append(session)
    return log


def _save_item(
    form: ItemForm, rows: Sequence[SpeakerRow], opened: OpenItem, log: AgendaLog, *, by: User, now: datetime
) -> None:
    item: AgendaItem = form.instance
    if form.cleaned_data.get("is_removed"):
        log.add("deleted", item)
        remove_items(item.session, [item.pk])
        return
    is_new = item.pk is None
    if is_new:
        insert_item(item, after=opened.after)
        log.add("added", item)
    else:
        save_changed_fields(item, form.changed_data)
    before = "" if is_new else _speakers_text(item)
    _save_speakers(item, rows, log)
    if not is_new:
        log.add("changed", item, changes_in(item, form, (gettext_noop("speakers"), before, _speakers_text(item))))
    _link_people(rows, by=by, now=now)


def _speakers_text(item: AgendaItem) -> str:
    rows = AgendaItemSpeaker.objects.filter(item=item).select_related("speaker").order_by("position", "pk")
    return ", ".join(f"{row.speaker.name_en} ({row.role})" for row in rows)


def _save_speakers(item: AgendaItem, rows: Iterable[SpeakerRow], log: AgendaLog) -> None:
    """Save the speakers and their roles in `item`; a name that stands in two new rows is one speaker."""
    named: dict[str, Speaker] = {}
    last = max((row.part.position for row in rows if row.part is not None), default=0)
    for row in rows:
        if not row.is_bound or not row.has_changed():
            continue
        if row.part is not None and not row.is_used:
            row.part.delete()
            continue
        name = row.instance.name_en.casefold()
        if row.instance.pk is None and name in named:
            row.instance = named[name]
        else:
            _save_speaker(row, row.instance, log)
            named[name] = row.instance
        if row.part is None:
            last += 1
            AgendaItemSpeaker.objects.create(
                item=item, speaker=row.instance, role=row.cleaned_data["role"], position=last
            )
        elif "role" in row.changed_data:
            row.part.role = row.cleaned_data["role"]
            save_changed_fields(row.part, ["role"])


def _save_speaker(row: SpeakerRow, speaker: Speaker, log: AgendaLog) -> None:
    if speaker.pk is None:
        add_speaker(speaker)
        log.speakers[speaker].append({"added": {}})
        return
    kept = ["name_en"] if row.is_known else []
    own = [name for name in row.changed_data if name in row.Meta.fields and name not in kept]
    save_changed_fields(speaker, own)
    if own and (changes := changes_in(speaker, row, only=own)):
        log.speakers[speaker].append({"changed": changes})


def _link_people(rows: Iterable[SpeakerRow], *, by: User, now: datetime) -> None:
    """Link each registered person once, in the order in which delegations are locked. Raises NotLinked."""
    wanted: dict[Delegate, tuple[SpeakerRow, Speaker | None]] = {}
    changed = [row for row in rows if row.is_bound and row.is_used and "person" in row.changed_data]
    for row in changed:
        if row.linked is not None:
            wanted[row.linked] = (row, None)
    for row in changed:
        if (person := row.cleaned_data["person"]) is not None:
            wanted[person] = (row, row.instance)
    for person, (row, speaker) in sorted(wanted.items(), key=lambda entry: (entry[0].delegation_id, entry[0].pk)):
        try:
            link_speaker(person, speaker=speaker, version=person.version, by=by, now=now)
        except RuleBroken as broken:
            broken.field = "person"
            add_broken_rule(row, broken)
            raise NotLinked from broken
