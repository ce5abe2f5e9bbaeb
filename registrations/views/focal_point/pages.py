"""The list of a user's delegations, and the page of one delegation."""

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
    policy_of,
    released_sessions_and_end,
    requires_letter,
    seats_of,
    zone_for_focal_point,
)
from registrations.queries.acceptance import Acceptances, is_accepted_at_once
from registrations.queries.receipts import history_with_submissions
from registrations.services.acceptance_messages import message_before_accepting
from registrations.services.permitted_actions import PermittedActions, permitted_actions
from registrations.views.focal_point.access import account_required, delegation_required, signed_in_user
from registrations.views.focal_point.anchors import WITHOUT_PROFILE, add_anchor, delegation_url_at
from registrations.views.focal_point.inline_forms import INLINE_LAYOUT, auto_id_format
from registrations.views.focal_point.letters import LetterState, letter_state
from registrations.views.focal_point.people import acceptance_warning, register_form
from registrations.views.focal_point.profile_cards import (
    ProfileCard,
    not_attending_card,
    pending_invitation_text,
    person_card,
    profile_card,
    undo_offers,
)
from registrations.views.focal_point.receipts import last_submission
from sessions_app.forms import focus_first

HISTORY_SHOWN = 50


@require_safe
@account_required
def delegation_list_page(request: HttpRequest) -> HttpResponse:
    """List the delegations of the signed-in user's bodies, the newest webinar first."""
    user = signed_in_user(request)
    rows = delegations_of(user).order_by("-webinar__created_at", "body__name_en")
    delegations = [(delegation, zone_for_focal_point(user, delegation)) for delegation in rows]
    return render(request, "focal_point/delegations.html", {"delegations": delegations})


@require_safe
@delegation_required
def delegation_page(request: HttpRequest, delegation: Delegation) -> HttpResponse:
    """Show one delegation: seats, people, letter, history, and what the user may do now."""
    user, now = signed_in_user(request), timezone.now()
    policy = policy_of(delegation.webinar)
    sessions, ends_at = released_sessions_and_end(delegation.webinar)
    may = permitted_actions(delegation, policy=policy, ends_at=ends_at, by=user, now=now)
    seats = seats_of(delegation)
    people = delegates_with_mail_state(delegation, now=now, for_country=True)
    pending_text = pending_invitation_text(sessions)
    events = list(history_with_submissions(delegation, latest=HISTORY_SHOWN))
    history = events[:HISTORY_SHOWN]
    is_attending = delegation.status != DelegationStatus.NOT_ATTENDING
    active = [
        person_card(person, may, pending_text=pending_text, by=user, now=now)
        if is_attending
        else not_attending_card(person)
        for person in people.active
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
            "zone": zone_for_focal_point(user, delegation),
            "days_left": policy.days_left_at(now) if policy else None,
            "is_open": policy is not None and policy.is_open_at(now),
            "is_before": policy is not None and not policy.has_opened_at(now),
            "is_over": ends_at is not None and now >= ends_at,
            "is_attending": is_attending,
            "is_country": delegation.body.kind == BodyKind.COUNTRY,
            "is_staff_user": user.is_staff,
            "sessions": sessions,
            "seats": seats,
            "gaps": gaps_in(seats),
            "letter": letter,
            "cards": cards,
            "organisation_people": [card for card in active if card.delegate.profile_id is None],
            "people": people,
            "former_people": people.former,
            "restorable": {person.delegate.pk for person in people.former}
            if may.change_people and user.is_staff
            else set(),
            "undo_offers": undo_offers(delegation, people, history, may, now=now),
            "hold_seconds": settings.CHANGE_HOLD_SECONDS + 1,
            "focus_id": request.GET.get("at", ""),
            "closed_form_id": request.GET.get("done", ""),
            "organisation_anchor": add_anchor(None),
            **_inline_form_context(delegation, seats, cards, may, adding=adding),
            "attending_again_accepts": _attending_again_warning(delegation, seats, letter, people),
            "accepted_when_complete": delegation.status == DelegationStatus.SUBMITTED
            and is_accepted_at_once(delegation),
            "uninvited_count": _uninvited_count(people),
            "may": may,
            "focal_points": focal_points_of(delegation.body),
            "history": history,
            "submission": last_submission(
                delegation,
                events,
                profiles=[seat.profile for seat in seats],
                delegates=[person.delegate for person in (*people.active, *people.former)],
                sessions=sessions,
                by=user,
                now=now,
            ),
        },
    )


def _uninvited_count(people: DelegatesWithMail) -> int:
    """Return how many active delegates are not admitted yet."""
    return sum(person.delegate.admitted_at is None for person in people.active)


def _attending_again_warning(
    delegation: Delegation, seats: tuple[SeatCount, ...], letter: LetterState, people: DelegatesWithMail
) -> str:
    """Return that attending again accepts the delegation; an empty text where it does not. No query."""
    was_submitted = delegation.status_before == DelegationStatus.SUBMITTED
    lacks_letter = requires_letter(delegation) and letter.current is None
    if not was_submitted or gaps_in(seats) or lacks_letter or not is_accepted_at_once(delegation):
        return ""
    return message_before_accepting(Acceptances((delegation,), _uninvited_count(people)))


def _inline_form_context(
    delegation: Delegation,
    seats: tuple[SeatCount, ...],
    cards: list[ProfileCard],
    may: PermittedActions,
    *,
    adding: str,
) -> dict[str, object]:
    """Return the context of the inline form under the profile with the code `adding`.

    `adding` is empty in it where nobody can be named there.
    """
    card = next((card for card in cards if card.seat.profile.code == adding and card.can_add), None)
    is_without_profile = adding == WITHOUT_PROFILE and not seats and may.register
    if card is None and not is_without_profile:
        return {"adding": ""}
    profile = card.seat.profile if card is not None else None
    anchor = add_anchor(profile)
    form = register_form(delegation, [seat.profile for seat in seats], profile, auto_id=auto_id_format(anchor))
    focus_first(form)
    action = reverse("registrations:register-delegate", args=[delegation.slug])
    return {
        "adding": adding,
        "form": form,
        "warning": acceptance_warning(delegation),
        "layout": INLINE_LAYOUT,
        "form_id": anchor.form_id,
        "action": f"{action}?{urlencode({'profile': adding})}",
        "back": delegation_url_at(delegation, anchor.opener_id, closed_form=anchor),
    }
