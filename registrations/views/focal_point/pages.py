"""The list of delegations, and the page of one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from registrations.models import BodyKind, Delegation
from registrations.queries import (
    delegates_with_mail_state,
    delegations_of,
    gaps_in,
    history_of,
    last_session_end,
    policy_of,
    released_sessions,
    seats_of,
    zone_of,
)
from registrations.views.focal_point.access import for_delegation, for_signed_in, signed_in
from registrations.views.focal_point.cards import allowed, person_card, profile_card, waiting_word
from registrations.views.focal_point.letters import letter_state

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
    ends_at = last_session_end(delegation.webinar)
    may = allowed(delegation, policy=policy, ends_at=ends_at, by=user, now=now)
    seats = seats_of(delegation)
    people = delegates_with_mail_state(delegation)
    sessions = list(released_sessions(delegation.webinar))
    waiting = waiting_word(sessions)
    active = [person_card(one, may, waiting=waiting, now=now) for one in people.active]
    held = [one.delegate for one in people.left if one.delegate.is_held_at(now) or user.is_staff]
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
            "is_before": policy is not None and now < policy.opens_at,
            "is_over": ends_at is not None and now >= ends_at,
            "is_country": delegation.body.kind == BodyKind.COUNTRY,
            "is_foreign": user.is_staff,
            "sessions": sessions,
            "seats": seats,
            "gaps": gaps_in(seats),
            "letter": letter_state(delegation, ends_at=ends_at, by=user, now=now),
            "cards": [profile_card(seat, active, may) for seat in seats],
            "others": [card for card in active if card.one.delegate.profile_id is None],
            "people": people,
            "left": people.left,
            "restorable": {delegate.pk for delegate in held} if may.leave else set(),
            "may": may,
            "history": history_of(delegation)[:HISTORY_SHOWN],
        },
    )
