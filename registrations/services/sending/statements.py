"""The two statements that every message in a rush costs, as SQL: the ORM takes longer to word them than the database
to answer. Only what is claimed has a token. Each round trip and each commit costs as much as what it is for."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from registrations.models import Delivery

# The last look before a REQUEST leaves: it is ours and the newest word to its mailbox, the session is as it was
# planned and not over, and the person is still to come under the link that it carries, which is the one that was
# loaded with it. With OFFSET 0 PostgreSQL looks
# each row up as it is written here; to consider all orders of a join took it longer than the whole statement.
BEGIN_REQUEST = """
    UPDATE registrations_delivery
    SET lease_expires_at = %(lease_expires_at)s, attempts = attempts + 1, attempted_at = %(now)s,
        may_have_arrived = true
    WHERE id = %(id)s AND claim_token = %(token)s AND EXISTS (
        SELECT 1 FROM registrations_calendarentry entry
        WHERE entry.id = registrations_delivery.entry_id AND entry.sequence = registrations_delivery.ical_sequence
            AND EXISTS (
                SELECT 1 FROM sessions_app_releasedsession released
                WHERE released.session_id = entry.session_id AND released.sequence = entry.released_sequence
                    AND released.ends_at > %(now)s AND NOT released.is_cancelled
                LIMIT 1 OFFSET 0
            )
            AND EXISTS (
                SELECT 1 FROM registrations_delegate person
                WHERE person.id = entry.delegate_id AND person.token_version = entry.token_version
                    AND person.token_version = %(token_version)s
                    AND person.status = 'active' AND person.admitted_at IS NOT NULL
                    AND EXISTS (
                        SELECT 1 FROM registrations_delegation delegation
                        WHERE delegation.id = person.delegation_id AND delegation.status <> 'not_attending'
                        LIMIT 1 OFFSET 0
                    )
                LIMIT 1 OFFSET 0
            )
        LIMIT 1 OFFSET 0
    )
"""
KEEP_SENT = """
    UPDATE registrations_delivery
    SET state = 'sent', sent_at = %(now)s, may_have_arrived = true, last_error = '',
        claim_token = NULL, lease_expires_at = NULL
    WHERE id = %(id)s AND claim_token = %(token)s
"""
# In this order, in which planners lock them too.
KEEP_AND_BEGIN = f"{KEEP_SENT.replace('%(id)s', '%(sent_id)s')}; {BEGIN_REQUEST}"


def begin_request(delivery: Delivery, *, token: UUID, now: datetime, lease: timedelta) -> bool:
    """Renew the lease of an invitation or update and count the attempt; False where it is not ours, or not right."""
    version = _version_of_links(delivery)
    return _run(BEGIN_REQUEST, delivery, token=token, version=version, now=now, lease_expires_at=now + lease)


def keep_sent(delivery: Delivery, *, token: UUID, now: datetime) -> bool:
    """Keep that the mail server took the message; False where it is not ours any more."""
    return _run(KEEP_SENT, delivery, token=token, now=now)


def keep_sent_and_begin(sent: Delivery, following: Delivery, *, token: UUID, now: datetime, lease: timedelta) -> bool:
    """`keep_sent` and `begin_request` of the next message, in one transaction and, where the database can, in one round
    trip; what the second returns."""
    if connection.vendor != "postgresql":
        with transaction.atomic():
            keep_sent(sent, token=token, now=now)
            return begin_request(following, token=token, now=now, lease=lease)
    return _run(
        KEEP_AND_BEGIN,
        following,
        token=token,
        version=_version_of_links(following),
        sent_id=sent.pk,
        now=now,
        lease_expires_at=now + lease,
    )


def _version_of_links(delivery: Delivery) -> int:
    return delivery.delegate.token_version if delivery.delegate is not None else 0


def _run(
    statement: str, delivery: Delivery, *, token: UUID, version: int = 0, sent_id: int = 0, **instants: datetime
) -> bool:
    stored: dict[str, Any] = {name: connection.ops.adapt_datetimefield_value(at) for name, at in instants.items()}
    stored["token"] = Delivery._meta.get_field("claim_token").get_db_prep_value(token, connection)
    stored |= {"token_version": version, "sent_id": sent_id}
    with connection.cursor() as cursor:
        cursor.execute(statement, {"id": delivery.pk, **stored})
        return bool(cursor.rowcount)
