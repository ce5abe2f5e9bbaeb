"""The forms of the page of an agenda: minutes of all items, one item in full with its speakers, and a new session."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from registrations.forms.new_webinar.rows import SessionRow
from registrations.models import Delegate
from sessions_app.bilingual import LANGUAGES
from sessions_app.concurrent_edits import ConcurrentEditForm
from sessions_app.forms import ItemForm, MinutesForm, disable_autofill, mark_languages
from sessions_app.models import AgendaItem, AgendaItemSpeaker, Session, Speaker, SpeakerKind, SpeakerRole, Webinar

# Empty rows for further speakers below those of an item.
NEW_SPEAKER_ROWS = 3
# The role in the row of a speaker who is stored with an item.
STORED_ROW = re.compile(r"(speaker-\d{1,18})-role", re.ASCII)
# What a new item lasts where no minutes of the session are left.
USUAL_MINUTES = 10


@dataclass(frozen=True)
class OpenItem:
    """The item that the page shows in full; a new one is unsaved and comes behind the item with the id `after`.

    `was_removed` says that another user removed it since the page was opened: saving then adds it anew.
    """

    item: AgendaItem
    after: int | None = None
    was_removed: bool = False

    @property
    def query(self) -> str:
        """The query string that opens the same item."""
        if self.item.pk is not None:
            return f"item={self.item.pk}"
        return f"after={self.after}" if self.after else f"end={self.item.session_id}"


class SpeakerRow(ConcurrentEditForm):
    """A speaker of an item: the role in it, the entry of this webinar's speakers, and the registered person.

    `part` is the stored role; a new row has none. A new row with the name of a speaker of the webinar means that one.
    """

    role = forms.ChoiceField(label=_("Role"), choices=SpeakerRole.choices, initial=SpeakerRole.PANELIST)
    person = forms.EmailField(
        label=_("Registered person"),
        required=False,
        widget=forms.EmailInput(attrs={"list": "people", "autocomplete": "off"}),
    )
    is_removed = forms.BooleanField(label=_("Remove"), required=False)

    class Meta:
        model = Speaker
        fields = [
            "kind",
            *(f"{name}_{language}" for name in ("name", "institution", "position", "about") for language in LANGUAGES),
        ]
        widgets = {f"about_{language}": forms.Textarea(attrs={"rows": 4}) for language in LANGUAGES}

    def __init__(
        self, *args: Any, part: AgendaItemSpeaker | None = None, people: Mapping[str, Delegate], **kwargs: Any
    ) -> None:
        self.part, self.people = part, people
        super().__init__(*args, **kwargs)
        self.is_known = part is None and self.instance.pk is not None
        linked = (each for each in people.values() if each.speaker_id and each.speaker_id == self.instance.pk)
        self.linked = next(linked, None)
        self.fields["role"].initial = part.role if part is not None else SpeakerRole.PANELIST
        self.fields["person"].initial = self.linked.email if part is not None and self.linked is not None else ""
        self.fields["name_en"].widget.attrs["list"] = "speakers"
        if part is None:
            del self.fields["is_removed"]
        mark_languages(self.fields)
        disable_autofill(self.fields)

    def clean_person(self) -> Delegate | None:
        """Return the delegate of this webinar with the typed address."""
        address = self.cleaned_data["person"].lower()
        if address and address not in self.people:
            raise forms.ValidationError(_("Nobody with this address is registered for this webinar."))
        return self.people.get(address)

    def clean(self) -> dict[str, Any]:
        """Keep the name of a known speaker as it is written there, and refuse a person for an institution."""
        cleaned = super().clean()
        if self.typed_data.get("person") and self.typed_data.get("kind") == SpeakerKind.INSTITUTION:
            self.add_error("person", _("An institution is no registered person. Choose “Person”, or empty this."))
        if self.is_known:
            cleaned.pop("name_en", None)
        return cleaned

    @property
    def folded_fields(self) -> list[forms.BoundField]:
        """The inputs that the row folds away: those of the post and of the short text."""
        return [self[f"{name}_{language}"] for name in ("position", "about") for language in LANGUAGES]

    @property
    def has_folded_errors(self) -> bool:
        return any(field.errors for field in self.folded_fields)

    @property
    def is_used(self) -> bool:
        """Whether the valid row stands for a speaker who stays."""
        is_removed = self.is_bound and bool(self.cleaned_data.get("is_removed"))
        return not is_removed and (self.part is not None or self.has_changed())


@dataclass
class AgendaForms:
    """All forms of the page; `minutes` by the id of the item, without the one that is open."""

    minutes: Mapping[int, MinutesForm]
    session: SessionRow
    item: ItemForm | None = None
    speakers: Sequence[SpeakerRow] = field(default_factory=list)

    def __iter__(self) -> Iterator[forms.BaseForm]:
        yield from self.minutes.values()
        if self.item is not None:
            yield self.item
        yield from self.speakers
        yield self.session

    def is_valid(self) -> bool:
        """Return whether all submitted forms are valid; each is checked, so that all errors are shown."""
        invalid = [form for form in self if form.is_bound and not form.is_valid()]
        return not invalid and self._has_no_speaker_twice()

    def _has_no_speaker_twice(self) -> bool:
        seen = set()
        for row in self.speakers:
            if not row.is_used:
                continue
            role = row.cleaned_data["role"] if row.is_bound else row.fields["role"].initial
            key = (row.instance.pk or row.instance.name_en.casefold(), str(role))
            if key in seen:
                row.add_error("name_en", _("This speaker stands here twice in the same role."))
            seen.add(key)
        return not any(row.errors for row in self.speakers)


def agenda_forms(
    data: Any,
    *,
    items: Iterable[AgendaItem],
    opened: OpenItem | None = None,
    speakers: Sequence[Speaker] = (),
    people: Iterable[Delegate] = (),
) -> AgendaForms:
    """Build the forms of a page from submitted `data`, or from the rows.

    `speakers` and `people` are those of the webinar; only an open item needs them.
    """
    minutes = {
        item.pk: MinutesForm(
            _data_of(data, f"minutes-{item.pk}-minutes"),
            instance=item,
            prefix=f"minutes-{item.pk}",
            # An unchanged row is not validated.
            empty_permitted=True,
            use_required_attribute=False,
        )
        for item in items
        if opened is None or item.pk != opened.item.pk
    }
    session = SessionRow(_data_of(data, "session-day"), prefix="session")
    if opened is None:
        return AgendaForms(minutes, session)
    item_form = ItemForm(_data_of(data, "item-minutes"), instance=opened.item, prefix="item")
    if opened.was_removed and not item_form.errors:
        item_form.add_error(None, _("Another user removed this item. Save again to add it once more."))
    by_address = {person.email.lower(): person for person in people}
    return AgendaForms(minutes, session, item_form, _speaker_rows(data, opened.item, speakers, by_address))


def _speaker_rows(
    data: Any, item: AgendaItem, speakers: Sequence[Speaker], people: Mapping[str, Delegate]
) -> list[SpeakerRow]:
    parts = list(item.item_speakers.select_related("speaker").order_by("position", "pk")) if item.pk else []
    rows = [
        SpeakerRow(
            _data_of(data, f"speaker-{part.pk}-role"),
            instance=part.speaker,
            prefix=f"speaker-{part.pk}",
            part=part,
            people=people,
        )
        for part in parts
    ]
    by_name = {str(speaker.name_en).casefold(): speaker for speaker in reversed(speakers)}
    restored = _restored_rows(data, item, {row.prefix for row in rows}, by_name, people) if data is not None else []
    prefixes = [f"speaker-new{number}" for number in range(1, NEW_SPEAKER_ROWS + 1)]
    return [*rows, *restored, *(_new_row(data, prefix, item, by_name, people) for prefix in prefixes)]


def _restored_rows(
    data: Any,
    item: AgendaItem,
    present: Collection[str | None],
    by_name: Mapping[str, Speaker],
    people: Mapping[str, Delegate],
) -> list[SpeakerRow]:
    """Return submitted rows of speakers whom another user has removed meanwhile, as rows that add them again.

    If the whole item was removed, these are all rows; else those in which something was typed. `present` are the
    prefixes of the rows that are still stored.
    """
    prefixes = [found[1] for name in data if (found := STORED_ROW.fullmatch(name))]
    wanted = [prefix for prefix in prefixes if prefix not in present and f"{prefix}-is_removed" not in data]
    if item.pk is not None:
        wanted = [prefix for prefix in wanted if _new_row(data, prefix, item, by_name, people).has_changed()]
    # Compared with an empty name, each row counts as typed.
    data = data.copy()
    data.update({f"initial-{prefix}-name_en": "" for prefix in wanted})
    return [_new_row(data, prefix, item, by_name, people) for prefix in wanted]


def _new_row(
    data: Any, prefix: str, item: AgendaItem, by_name: Mapping[str, Speaker], people: Mapping[str, Delegate]
) -> SpeakerRow:
    name = " ".join(str((data or {}).get(f"{prefix}-name_en", "")).split())
    return SpeakerRow(
        _data_of(data, f"{prefix}-role"),
        instance=by_name.get(name.casefold()) or Speaker(webinar=item.session.webinar),
        prefix=prefix,
        people=people,
        empty_permitted=True,
        use_required_attribute=False,
    )


def _data_of(data: Any, name: str) -> Any:
    """Return the submitted data if they have the input `name`; a row that another user added meanwhile has none."""
    return data if data is not None and name in data else None


def new_item(session: Session, *, minutes_left: int) -> AgendaItem:
    """Return an unsaved item of `session` that fills the minutes left."""
    return AgendaItem(session=session, minutes=minutes_left if minutes_left > 0 else USUAL_MINUTES)


def people_of(webinar: Webinar) -> list[Delegate]:
    """Return the active delegates of `webinar` who may be its speakers, by name. One query."""
    delegates = Delegate.objects.active().filter(webinar=webinar).select_related("delegation__body")
    return list(delegates.order_by("name", "pk"))
