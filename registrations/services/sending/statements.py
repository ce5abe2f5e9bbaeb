"""The two statements that every message in a rush costs, as SQL: the ORM takes longer to word them than the database
to answer."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from registrations.models import Delivery

# The last look before a REQUEST leaves: it is ours and the newest word to its mailbox, the session is as it was
# planned and not over, and the person is still to come under the link that it carries.
BEGIN_REQUEST = """
    UPDATE registrations_delivery
    SET lease_expires_at = %(lease_expires_at)s, attempts = attempts + 1, attempted_at = %(now)s,
        may_have_arrived = true
    WHERE id = %(id)s AND claim_token = %(token)s AND state = 'claimed' AND EXISTS (
        SELECT 1
        FROM registrations_calendarentry entry
        JOIN sessions_app_releasedsession released ON released.session_id = entry.session_id
        JOIN registrations_delegate person ON person.id = entry.delegate_id
        JOIN registrations_delegation delegation ON delegation.id = person.delegation_id
        WHERE entry.id = registrations_delivery.entry_id AND entry.sequence = registrations_delivery.ical_sequence
            AND released.sequence = entry.released_sequence
            AND released.ends_at > %(now)s AND NOT released.is_cancelled
            AND person.token_version = entry.token_version
            AND person.status = 'active' AND person.admitted_at IS NOT NULL
            AND delegation.status <> 'not_attending'
    )
"""
KEEP_SENT = """
    UPDATE registrations_delivery
    SET state = 'sent', sent_at = %(now)s, may_have_arrived = true, last_error = '',
        claim_token = NULL, lease_expires_at = NULL
    WHERE id = %(id)s AND claim_token = %(token)s AND state = 'claimed'
"""


def begin_request(delivery: Delivery, *, token: UUID, now: datetime, lease: timedelta) -> bool:
    """Renew the lease of an invitation or update and count the attempt; False where it is not ours, or not right."""
    return _run(BEGIN_REQUEST, delivery, token=token, now=now, lease_expires_at=now + lease)


def keep_sent(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Keep that the mail server took the message; False where it is not ours any more."""
    return _run(KEEP_SENT, delivery, token=token, now=now)


def _run(statement: str, delivery: Delivery, *, token: UUID, **instants: datetime) -> bool:
    stored: dict[str, Any] = {name: connection.ops.adapt_datetimefield_value(at) for name, at in instants.items()}
    stored["token"] = Delivery._meta.get_field("claim_token").get_db_prep_value(token, connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": delivery.pk, **stored})
        return bool(cursor.rowcount)
