"""When countries register and how their delegations are accepted: saved under the locks of the seats (rule 9)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.utils.translation import gettext as _

from registrations.exceptions import NotPossibleNow
from registrations.models import BodyKind, NominationLetter, RegistrationPolicy, User
from registrations.models.history import POLICY_CHANGED
from registrations.queries import last_session_end
from registrations.queries.acceptance import Acceptances, acceptances_among_counted
from registrations.queries.seats import CountedDelegation, delegations_with_seats
from registrations.services.acceptance import accept_by_rule
from registrations.services.quota_locks import atomic_with_retry, lock_webinar
from sessions_app.models import Webinar


@atomic_with_retry
def save_policy(
    policy: RegistrationPolicy,
    *,
    by: User | None,
    now: datetime,
    seen: Iterable[str] | None = None,
    step: str = POLICY_CHANGED,
) -> Acceptances:
    """Save `policy`, and accept the submitted delegations that are complete and wait no longer (rule 4).

    Returns what is accepted; `step`, as for `accept_by_rule`, is what the history says made it complete. Raises
    NotPossibleNow if not all `confirmations` of `policy_preview` were `seen` (None does not ask). Locks the seats of
    the webinar. A webinar that is over, or whose people were anonymised, accepts nobody.
    """
    lock_webinar(policy.webinar)
    accepted = policy_preview(policy, now=now)
    if seen is not None and not accepted.confirmations <= set(seen):
        raise NotPossibleNow(_("Meanwhile this does more than you have seen. Please look again."))
    policy.save()
    accept_by_rule(accepted.delegations, step=step, by=by, now=now)
    return accepted


def policy_preview(policy: RegistrationPolicy, *, now: datetime) -> Acceptances:
    """What saving `policy`, which holds what was typed, would accept. A constant number of queries, however many
    delegations."""
    webinar = policy.webinar
    end = last_session_end(webinar)
    if not policy.accepts_complete_at_once or policy.purged_at is not None or (end is not None and now >= end):
        return Acceptances()
    return acceptances_among_counted(_with_letter_requirement(webinar, requires_letter=policy.requires_letter))


def _with_letter_requirement(webinar: Webinar, *, requires_letter: bool) -> Iterable[CountedDelegation]:
    """Yield the delegations of `webinar` with `lacks_letter` as the new `requires_letter` would make it."""
    current = NominationLetter.objects.current().filter(delegation__webinar=webinar)
    present = set(current.values_list("delegation", flat=True)) if requires_letter else set()
    for one in delegations_with_seats(webinar):
        is_country = one.delegation.body.kind == BodyKind.COUNTRY
        yield replace(one, lacks_letter=requires_letter and is_country and one.delegation.pk not in present)
