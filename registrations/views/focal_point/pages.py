"""The list of delegations, and the page of one."""

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from registrations.models import BodyKind, Delegation, DelegationStatus
from registrations.queries import (
    DelegatesWithMail,
    SeatCount,
    delegates_with_mail_state,
    delegations_of,
    focal_points_of,
    gaps_in,
    history_of,
    policy_of,
    released_sessions_and_end,
    requires_letter,
    seats_of,
    zone_of,
)
from registrations.queries.acceptance import Acceptances, is_accepted_at_once
from registrations.services.acceptance_messages import message_before_accepting
from registrations.views.focal_point.access import for_delegation, for_signed_in, signed_in
from registrations.views.focal_point.anchors import WITHOUT_PROFILE, page_at, to_add
from registrations.views.focal_point.inline_forms import IN_PLACE, focus_first, ids_in
from registrations.views.focal_point.letters import LetterState, letter_state
from registrations.views.focal_point.people import register_form, warning_of
from registrations.views.focal_point.profile_cards import (
    Allowed,
    ProfileCard,
    allowed,
    not_attending_card,
    person_card,
    profile_card,
    undoable,
    waiting_word,
)

HISTORY_SHOWN = 50


@require_safe
@for_signed_in
def delegations(request: HttpRequest) -> HttpResponse:
    """The delegations of the signed-in person's bodies, the newest webinar first."""
    user = signed_in(request)
    rows = delegations_of(user).order_by("-webinar__created_at", "body__name_en")
    delegations = [(delegation, zone_of(user, delegation)) for delegation in rows]
    return render(request, "focal_point/delegations.html", {"delegations": delegations})


@require_safe
@for_delegation
def delegation(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """What is asked, what is missing, who is named, and what to do next."""
    user, now = signed_in(request), timezone.now()
    policy = policy_of(delegation.webinar)
    sessions, ends_at = released_sessions_and_end(delegation.webinar)
    may = allowed(delegation, policy=policy, ends_at=ends_at, by=user, now=now)
    seats = seats_of(delegation)
    people = delegates_with_mail_state(delegation)
    waiting = waiting_word(sessions)
    history = list(history_of(delegation)[:HISTORY_SHOWN])
    is_attending = delegation.status != DelegationStatus.NOT_ATTENDING
    active = [
        person_card(one, may, waiting=waiting, by=user, now=now) if is_attending else not_attending_card(one)
        for one in people.active
    ]
    cards = [profile_card(seat, active, may, is_asked=is_attending) for seat in seats]
    letter = letter_state(delegation)
    adding = request.GET.get("add", "")
    return render(
        request,
        "focal_point/delegation.html",
        {
            "delegation": delegation,
            "webinar": delegation.webinar,
            "policy": policy,
            "zone": zone_of(user, delegation),
            "days_left": policy.days_left_at(now) if policy else None,
            "is_open": policy is not None and policy.is_open_at(now),
            "is_before": policy is not None and not policy.has_opened_at(now),
            "is_over": ends_at is not None and now >= ends_at,
            "is_attending": is_attending,
            "is_country": delegation.body.kind == BodyKind.COUNTRY,
            "is_foreign": user.is_staff,
            "sessions": sessions,
            "seats": seats,
            "gaps": gaps_in(seats),
            "letter": letter,
            "cards": cards,
            "others": [card for card in active if card.one.delegate.profile_id is None],
            "people": people,
            "left": people.former,
            "restorable": {one.delegate.pk for one in people.former} if may.leave and user.is_staff else set(),
            "undoable": undoable(delegation, people, history, may, now=now),
            "hold_seconds": settings.CHANGE_HOLD_SECONDS + 1,
            "at": request.GET.get("at", ""),
            "done": request.GET.get("done", ""),
            "without_profile": to_add(None),
            **_form_in_place(delegation, seats, cards, may, adding=adding),
            "attending_again_accepts": _said_before_attending_again(delegation, seats, letter, people),
            "accepted_when_complete": delegation.status == DelegationStatus.SUBMITTED
            and is_accepted_at_once(delegation),
            "uninvited_count": _uninvited_count(people),
            "may": may,
            "focal_points": focal_points_of(delegation.body),
            "history": history,
        },
    )


def _uninvited_count(people: DelegatesWithMail) -> int:
    return sum(one.delegate.admitted_at is None for one in people.active)


def _said_before_attending_again(
    delegation: Delegation, seats: tuple[SeatCount, ...], letter: LetterState, people: DelegatesWithMail
) -> str:
    """What the button says that takes "not attending" back: that this accepts the delegation; empty where it does not.
    No query."""
    stood_submitted = delegation.status_before == DelegationStatus.SUBMITTED
    lacks_letter = requires_letter(delegation) and letter.current is None
    if not stood_submitted or gaps_in(seats) or lacks_letter or not is_accepted_at_once(delegation):
        return ""
    return message_before_accepting(Acceptances((delegation,), _uninvited_count(people)))


def _form_in_place(
    delegation: Delegation, seats: tuple[SeatCount, ...], cards: list[ProfileCard], may: Allowed, *, adding: str
) -> dict[str, object]:
    """What the page needs to show the form under the profile with the code `adding`; nothing where nobody can be named
    there."""
    card = next((card for card in cards if card.seat.profile.code == adding and card.can_add), None)
    is_without_profile = adding == WITHOUT_PROFILE and not seats and may.add
    if card is None and not is_without_profile:
        return {"adding": ""}
    profile = card.seat.profile if card is not None else None
    place = to_add(profile)
    form = register_form(delegation, [seat.profile for seat in seats], profile, auto_id=ids_in(place))
    focus_first(form)
    action = reverse("registrations:register-delegate", args=[delegation.slug])
    return {
        "adding": adding,
        "form": form,
        "warning": warning_of(delegation),
        "layout": IN_PLACE,
        "place": place.form,
        "action": f"{action}?{urlencode({'profile': adding})}",
        "back": page_at(delegation, place.opener, done=place),
    }
