"""The join page: says when the room opens; its button records the arrival and shows the way in (rule 17)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from registrations.models import Delegate
from registrations.queries.participant import RoomState, is_invited, released_sessions_of, room_opens_at, room_state
from registrations.services.arrivals import record_arrival
from registrations.views.participant.links import for_joining, not_invited, participant_link


@participant_link(for_joining)
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, delegate: Delegate, *, n: int) -> HttpResponse:
    """The page of session `n`. The room's address is in the answer to the button, and nowhere else."""
    if not is_invited(delegate):
        return not_invited(request, delegate)
    now = timezone.now()
    released = next((one for one in released_sessions_of(delegate) if one.number == n), None)
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
        # The answer to a button that is not stored at all cannot be gone back to from the room.
        response.headers["Cache-Control"] = "private, no-cache"
    return response
