"""Creates a webinar with its sessions; those of an earlier webinar can be taken over with their items and speakers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sessions_app.bilingual import Bilingual
from sessions_app.cloning import copy_items, copy_speakers
from sessions_app.models import Session, Webinar
from sessions_app.organisers import organisers_of, write_organisers


@dataclass(frozen=True)
class SessionPlan:
    """A session to be created; `source` is the session of an earlier webinar whose items and speakers it takes over.

    `row` is the place of the session in the form, so that an error can stand beside it.
    """

    row: int
    starts_at: datetime
    minutes: int
    title: Bilingual
    source: Session | None = None

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)


class SetupRefused(Exception):
    """The webinar cannot be created like this; nothing was. `messages` are by input, such as "slug"."""

    def __init__(self, messages: dict[str, list[str]]) -> None:
        self.messages = messages
        super().__init__(messages)


def overlaps(sessions: Sequence[SessionPlan]) -> dict[int, str]:
    """Return a message by row for each session that begins before an earlier one of the webinar ends.

    Hours are in the active time zone.
    """
    in_order = sorted(sessions, key=lambda session: (session.starts_at, session.row))
    return {
        later.row: _("This session begins at %(begins)s, but the one before it ends only at %(ends)s.")
        % {"begins": _hour(later.starts_at), "ends": _hour(earlier.ends_at)}
        for earlier, later in pairwise(in_order)
        if later.starts_at < earlier.ends_at
    }


def _hour(at: datetime) -> str:
    return f"{timezone.localtime(at):%H:%M}"


def unsaved_session(webinar: Webinar, plan: SessionPlan, *, number: int) -> Session:
    """Return the session that `plan` describes; an empty title becomes "Session 1"."""
    return Session(
        webinar=webinar,
        number=number,
        title_en=plan.title.en or f"Session {number}",
        title_es=plan.title.es or f"Sesión {number}",
        starts_at=plan.starts_at,
        duration_minutes=plan.minutes,
    )


@transaction.atomic
def create_agenda(webinar: Webinar, sessions: Sequence[SessionPlan], *, earlier: Webinar | None = None) -> None:
    """Save the new `webinar` with its `sessions`, which are numbered in the order of time.

    Organisers and speakers of `earlier` are copied, and the languages and items of each session that has a `source`
    there. Nothing is public before a release. Raises SetupRefused, with nothing saved, if a field of the webinar is
    wrong or its slug is taken.
    """
    try:
        webinar.full_clean()
        with transaction.atomic():
            webinar.save(force_insert=True)
    except ValidationError as error:
        raise SetupRefused(error.message_dict) from error
    except IntegrityError as error:
        # Another request created a webinar with this slug since `full_clean` looked.
        raise SetupRefused({"slug": webinar.unique_error_message(Webinar, ("slug",)).messages}) from error
    speakers = {}
    if earlier is not None:
        write_organisers(webinar, organisers_of(earlier))
        speakers = copy_speakers(earlier, webinar)
    for number, plan in enumerate(sorted(sessions, key=lambda session: session.starts_at), start=1):
        session = unsaved_session(webinar, plan, number=number)
        if plan.source is not None:
            session.floor_languages = plan.source.floor_languages
            session.interpretation_languages = plan.source.interpretation_languages
        session.save()
        if plan.source is not None:
            copy_items(plan.source, session, speakers)
