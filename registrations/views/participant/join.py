"""The join page: it says when the room opens; its button records the arrival and shows the link (rule 17)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from registrations.models import Delegate
from registrations.queries.participant import is_invited, released_sessions_of
from registrations.queries.rooms import RoomState, room_opens_at, room_state
from registrations.services.arrivals import record_arrival
from registrations.views.participant.links import not_invited_response, participant_view, read_join_token


@participant_view(read_join_token)
@require_http_methods(["GET", "HEAD", "POST"])
def join_page(request: HttpRequest, delegate: Delegate, *, n: int) -> HttpResponse:
    """Show the join page of session `n`. Only the response to the button (a POST) contains the room's address."""
    if not is_invited(delegate):
        return not_invited_response(request, delegate)
    now = timezone.now()
    released = next((released for released in released_sessions_of(delegate) if released.number == n), None)
    if released is None:
        raise Http404
    state = room_state(released.session, now=now)
    room_url = ""
    if request.method == "POST" and state == RoomState.OPEN:
        record_arrival(delegate, released.session, now=now)
        room_url = released.session.current_room_url
    context = {
        "delegate": delegate,
        "webinar": delegate.webinar,
        "released": released,
        "room_opens_at": room_opens_at(released.session),
        "participant_page": True,
        "state": state,
        "room_url": room_url,
    }
    response = render(request, "participant/room.html" if room_url else "participant/join.html", context)
    if room_url:
        # With `no-store` the browser could not go back from the room to this response of a POST.
        response.headers["Cache-Control"] = "private, no-cache"
    return response
