"""Compares two agendas, and releases one (rules 10, 11, 12 and 15)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sessions_app.agenda import Agenda, AgendaSession, agenda_from_release, agenda_from_rows, latest_release
from sessions_app.bilingual import Bilingual
from sessions_app.differences import Difference, differences_of_organisation, differences_of_sessions
from sessions_app.models import Release, ReleasedSession, Webinar
from sessions_app.participants import get_participants


class ReleaseRefused(Exception):
    """The agenda cannot be released; `messages` holds one text per problem. Nothing was changed."""

    def __init__(self, *messages: str | Promise) -> None:
        self.messages = messages
        super().__init__(" ".join(str(message) for message in messages))


@dataclass(frozen=True)
class SessionChange:
    """One session before and after a release; `before` is None for a new session."""

    before: AgendaSession | None
    after: AgendaSession

    @property
    def number(self) -> int:
        return self.after.number

    @property
    def is_added(self) -> bool:
        """Whether the session was not in the release before."""
        return self.before is None

    @property
    def is_moved(self) -> bool:
        """Whether its start or end changed."""
        return self.before is not None and (self.before.starts_at, self.before.ends_at) != (
            self.after.starts_at,
            self.after.ends_at,
        )

    @property
    def is_retitled(self) -> bool:
        """Whether its title changed in either language."""
        return self.before is not None and self.before.title != self.after.title

    @property
    def is_cancelled(self) -> bool:
        """Whether this release cancels it."""
        return self.after.is_cancelled and (self.before is None or not self.before.is_cancelled)

    @property
    def is_restored(self) -> bool:
        """Whether this release takes its cancellation back."""
        return self.before is not None and self.before.is_cancelled and not self.after.is_cancelled

    @property
    def has_changed_items(self) -> bool:
        """Whether the items changed other than by moving with the session, or other speakers have a part in them.

        No calendar holds the items, so staff choose whether this is mailed (rule 11).
        """
        return self.before is not None and _items_relative_to_start(self.before) != _items_relative_to_start(self.after)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The differences in languages and in short texts about speakers, which are mailed only if staff choose it."""
        return tuple(differences_of_sessions(self.before, self.after)) if self.before else ()

    @property
    def always_mails(self) -> bool:
        """Whether it is mailed whatever staff choose (rule 11)."""
        return self.is_moved or self.is_retitled or self.is_cancelled or self.is_restored


def _items_relative_to_start(session: AgendaSession) -> list[tuple[object, ...]]:
    """Return the items with their offset from the start of the session instead of their hours."""
    return [
        (
            each.starts_at - session.starts_at,
            each.ends_at - each.starts_at,
            each.kind,
            each.title,
            each.points,
            tuple(replace(speaker, about=Bilingual()) for speaker in each.speakers),
        )
        for each in session.entries
    ]


@dataclass(frozen=True)
class AgendaChanges:
    """Everything that a release changes; `before` is None for the first release."""

    before: Agenda | None
    after: Agenda
    sessions: tuple[SessionChange, ...]

    @property
    def is_details_changed(self) -> bool:
        """Whether the webinar's own title, zone, address or state changed."""
        return self.before is not None and _details_only(self.before) != _details_only(self.after)

    @property
    def is_organisation_changed(self) -> bool:
        """Whether the organisers or the presidency changed."""
        return self.before is not None and _organisation_of(self.before) != _organisation_of(self.after)

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The differences in organisers and presidency; no session is about them, so a release mails none."""
        return tuple(differences_of_organisation(self.before, self.after)) if self.before else ()

    def __bool__(self) -> bool:
        return bool(self.sessions) or self.is_details_changed or self.is_organisation_changed


def changes_between(old: Agenda | None, new: Agenda) -> AgendaChanges:
    """Return the sessions of `new` that differ from `old`, in order; if `old` is None, every session is new."""
    before = {each.number: each for each in old.sessions} if old else {}
    return AgendaChanges(
        before=old,
        after=new,
        sessions=tuple(
            SessionChange(before.get(each.number), each) for each in new.sessions if before.get(each.number) != each
        ),
    )


def _details_only(agenda: Agenda) -> Agenda:
    return replace(agenda, sessions=(), organisers=(), presidency=None, release_number=None, released_at=None)


def _organisation_of(agenda: Agenda) -> tuple[object, ...]:
    return agenda.organisers, agenda.presidency


def release_problems(agenda: Agenda) -> tuple[str, ...]:
    """Return why `agenda` cannot be released: items longer than their session, or no session at all."""
    problems = [
        _("Session %(number)s: its items last %(minutes)s minutes longer than the session.")
        % {"number": each.number, "minutes": -each.minutes_left}
        for each in agenda.sessions
        if each.minutes_left < 0 and not each.is_cancelled
    ]
    if not agenda.sessions:
        problems.append(_("There is no session to release. Add one first."))
    return tuple(problems)


def release_warnings(agenda: Agenda) -> tuple[str, ...]:
    """Return warnings that do not prevent a release: sessions with minutes that no item fills."""
    return tuple(
        _("Session %(number)s: %(minutes)s minutes are not filled by any item.")
        % {"number": each.number, "minutes": each.minutes_left}
        for each in agenda.sessions
        if each.minutes_left > 0 and not each.is_cancelled
    )


@dataclass(frozen=True)
class Draft:
    """The agenda as it is stored now, compared with the latest `release`; equal drafts have equal fingerprints.

    `release` is None before the first.
    """

    agenda: Agenda
    release: Release | None
    changes: AgendaChanges
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """A hash of the agenda; a form sends it back to release what it showed."""
        return _digest(self.agenda.to_json())


def draft_of(webinar: Webinar) -> Draft:
    """Return what a release of `webinar` would make public now. Six queries."""
    agenda = agenda_from_rows(webinar)
    previous = latest_release(webinar)
    return Draft(
        agenda=agenda,
        release=previous,
        changes=changes_between(agenda_from_release(previous) if previous else None, agenda),
        problems=release_problems(agenda),
        warnings=release_warnings(agenda),
    )


@transaction.atomic
def release_webinar(
    webinar: Webinar,
    *,
    by: AbstractBaseUser | None,
    now: datetime,
    note: str = "",
    mail_updates_for: frozenset[int] = frozenset(),
    shown_fingerprint: str = "",
) -> Release:
    """Make the present draft public as the next numbered release.

    Locks the webinar's row, so two releases follow one another. The sequence rises of sessions whose time, title or
    cancellation changed, and of those in `mail_updates_for` (session numbers) with other changes: the planner, which is
    started after the commit, mails their participants. `shown_fingerprint` is the fingerprint of the draft that the
    user saw, or empty. Raises ReleaseRefused, without any change, if items are too long, if nothing differs from the
    latest release, or if the draft is not the one that was seen. So a second call is refused.
    """
    locked = Webinar.objects.select_for_update().get(pk=webinar.pk)
    agenda = agenda_from_rows(locked)
    if shown_fingerprint and shown_fingerprint != _digest(agenda.to_json()):
        raise ReleaseRefused(
            gettext_lazy("Someone has changed the agenda since you opened this page. Please look again.")
        )
    if problems := release_problems(agenda):
        raise ReleaseRefused(*problems)
    previous = latest_release(locked)
    changes = changes_between(agenda_from_release(previous) if previous else None, agenda)
    if not changes:
        raise ReleaseRefused(gettext_lazy("Nothing has changed since the last release."))
    release = Release.objects.create(
        webinar=locked,
        number=previous.number + 1 if previous else 1,
        released_at=now,
        released_by_id=by.pk if by else None,
        note=note,
        agenda=agenda.to_json(),
    )
    _write_released_sessions(release, agenda, changes, mail_updates_for)
    get_participants().plan_messages()
    return release


def _write_released_sessions(
    release: Release, agenda: Agenda, changes: AgendaChanges, mail_updates_for: frozenset[int]
) -> None:
    rows = {row.number: row for row in release.webinar.sessions.all()}
    released = {row.session_id: row for row in ReleasedSession.objects.filter(session__in=rows.values())}
    zone_changed = {row.session_id for row in released.values() if row.timezone != agenda.timezone}
    changed = {each.number: each for each in changes.sessions}
    for each in agenda.sessions:
        row = rows[each.number]
        known = released.get(row.pk)
        change = changed.get(each.number)
        if known is not None and change is None and row.pk not in zone_changed:
            continue
        sequence = known.sequence if known else 0
        if known and change and (change.always_mails or each.number in mail_updates_for):
            sequence += 1
        ReleasedSession.objects.update_or_create(
            session=row, defaults=_released_fields(each, agenda, release, sequence)
        )


def _released_fields(session: AgendaSession, agenda: Agenda, release: Release, sequence: int) -> Mapping[str, object]:
    return {
        "release": release,
        "number": session.number,
        "title_en": session.title.en,
        "title_es": session.title.es,
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
        "timezone": agenda.timezone,
        "sequence": sequence,
        "is_cancelled": session.is_cancelled,
        "digest": _digest(session.to_json()),
        "changed_at": release.released_at,
    }


def _digest(value: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
