"""The participant's page: sessions, answers, calendar links and preferences."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from registrations.exceptions import RuleBroken
from registrations.forms.participant import AnswerForm, PreferencesForm
from registrations.models import Delegate, Partstat
from registrations.queries.participant import ParticipantSession, is_invited, participant_sessions, released_sessions_of
from registrations.queries.rooms import RoomState, room_state
from registrations.services.answers import record_answer
from registrations.tokens import Scope, make_token
from registrations.views.participant.calendar_links import CalendarLinks, calendar_links
from registrations.views.participant.countdown import countdown
from registrations.views.participant.links import not_invited_response, participant_view, read_page_token
from sessions_app.agenda import Agenda, AgendaSession, agenda_from_release, latest_release

ANSWER_BUTTONS = (
    (Partstat.ACCEPTED, gettext_lazy("Yes")),
    (Partstat.TENTATIVE, gettext_lazy("Maybe")),
    (Partstat.DECLINED, gettext_lazy("No")),
)


@dataclass(frozen=True)
class SessionCard:
    """A session on the page; `buttons` and `calendars` are empty for one that is over or cancelled."""

    my_session: ParticipantSession
    agenda: AgendaSession
    countdown: str
    is_over: bool
    is_room_open: bool
    # (answer, label, whether it is the present answer)
    buttons: tuple[tuple[Partstat, str, bool], ...]
    join_path: str
    calendars: CalendarLinks | None

    @property
    def number(self) -> int:
        return self.agenda.number

    @property
    def is_answered(self) -> bool:
        return self.my_session.partstat != Partstat.NEEDS_ACTION


@participant_view(read_page_token)
@require_safe
def participant_page(request: HttpRequest, delegate: Delegate) -> HttpResponse:
    """Show the page of a participant; before the first release or their admission, what they are waiting for."""
    release = latest_release(delegate.webinar)
    if release is None or not is_invited(delegate):
        return not_invited_response(request, delegate)
    now = timezone.now()
    agenda = agenda_from_release(release)
    cards = _cards(delegate, agenda, now=now)
    ahead = [card for card in cards if card.calendars is not None]
    token = make_token(delegate, Scope.PAGE)
    feed_url = f"{settings.BASE_URL}{reverse('registrations_files:feed', args=[token])}"
    context = {
        "delegate": delegate,
        "webinar": delegate.webinar,
        "agenda": agenda,
        "participant_page": True,
        "token": token,
        "cards": cards,
        "next": next(iter(ahead), None),
        "declines_all": bool(ahead) and all(card.my_session.partstat == Partstat.DECLINED for card in ahead),
        "preferences": PreferencesForm(delegate=delegate, nearby_zones_only=True),
        "feed_url": feed_url,
        "webcal_url": f"webcal:{feed_url.partition(':')[2]}",
    }
    return render(request, "participant/page.html", context)


@participant_view(read_page_token)
@require_http_methods(["GET", "HEAD", "POST"])
def answer_session(request: HttpRequest, delegate: Delegate, *, n: int) -> HttpResponse:
    """Record yes, maybe or no to session `n`. A GET leads to the participant's page."""
    if request.method != "POST":
        return redirect("registrations:my", token=make_token(delegate, Scope.PAGE))
    released = next((released for released in released_sessions_of(delegate) if released.number == n), None)
    if released is None:
        raise Http404
    form = AnswerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please choose yes, maybe or no."))
    else:
        try:
            record_answer(delegate, released.session, partstat=form.partstat, now=timezone.now())
        except RuleBroken as broken:
            messages.error(request, str(broken.message))
        else:
            messages.success(request, _thanks_message(form.partstat) % {"title": released.title})
    return redirect("registrations:my", token=make_token(delegate, Scope.PAGE))


def _thanks_message(partstat: Partstat) -> str:
    return {
        Partstat.ACCEPTED: _("Thank you. You said yes to “%(title)s”."),
        Partstat.TENTATIVE: _("Thank you. You said maybe to “%(title)s”. Please say yes or no when you know."),
        Partstat.DECLINED: _("Thank you for telling us. You said no to “%(title)s”."),
    }[partstat]


def _cards(delegate: Delegate, agenda: Agenda, *, now: datetime) -> tuple[SessionCard, ...]:
    by_number = {session.number: session for session in agenda.sessions}
    join_token = make_token(delegate, Scope.JOIN)
    return tuple(
        _card(delegate, agenda, by_number[my_session.number], my_session, join_token=join_token, now=now)
        for my_session in participant_sessions(delegate)
        if my_session.number in by_number
    )


def _card(
    delegate: Delegate,
    agenda: Agenda,
    session: AgendaSession,
    my_session: ParticipantSession,
    *,
    join_token: str,
    now: datetime,
) -> SessionCard:
    join_path = reverse("registrations:join", args=[join_token, my_session.number])
    join_url = f"{settings.BASE_URL}{join_path}"
    is_live = my_session.is_answerable_at(now)
    return SessionCard(
        my_session=my_session,
        agenda=session,
        countdown=countdown(session.starts_at, session.ends_at, now=now, timezone=delegate.timezone),
        is_over=now >= session.ends_at,
        is_room_open=room_state(my_session.released.session, now=now) == RoomState.OPEN,
        buttons=tuple((value, str(label), value == my_session.partstat) for value, label in ANSWER_BUTTONS)
        if is_live
        else (),
        join_path=join_path,
        calendars=calendar_links(
            title=str(session.title),
            starts_at=session.starts_at,
            ends_at=session.ends_at,
            join_url=join_url,
            text=_("Join here: %(url)s") % {"url": join_url}
            + "\n"
            + _("Questions: %(email)s") % {"email": agenda.contact_email},
        )
        if is_live
        else None,
    )
