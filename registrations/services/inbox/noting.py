"""Mail for a person, noted on the page of a country."""

from datetime import date, datetime

from django.db import transaction

from registrations.models import CallNote, Delegation, MailForAPerson, User
from registrations.services.call_notes import note_call
from registrations.services.inbox.mail_for_a_person import mark_as_dealt_with


@transaction.atomic
def note_mail(
    mail: MailForAPerson,
    delegation: Delegation,
    *,
    text: str,
    look_again_on: date | None = None,
    handled_by: User | None = None,
    by: User,
    now: datetime,
) -> CallNote:
    """Note `mail` about `delegation` as a call is noted, and mark it as dealt with. Raises what `note_call` raises."""
    note = note_call(delegation, text=text, look_again_on=look_again_on, handled_by=handled_by, by=by, now=now)
    mark_as_dealt_with([mail.pk], by=by, now=now)
    return note
