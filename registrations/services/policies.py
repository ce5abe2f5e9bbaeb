"""Saving a registration policy under the quota locks (rule 9)."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError

from registrations.exceptions import NotPossibleNow
from registrations.models import BodyKind, NominationLetter, RegistrationPolicy, User
from registrations.models.history import POLICY_CHANGED
from registrations.queries import last_session_end
from registrations.queries.acceptance import Acceptances
from registrations.queries.seats import CountedDelegation, delegations_with_seats
from registrations.services.acceptance import accept_by_rule, check_confirmed
from registrations.services.change_previews import ChangePreview, compare_delegations
from registrations.services.quota_locks import lock_webinar
from registrations.services.transactions import atomic_with_retry
from sessions_app.models import Webinar


@atomic_with_retry
def save_policy(
    policy: RegistrationPolicy,
    *,
    changed: Collection[str],
    by: User | None,
    now: datetime,
    confirmed: Iterable[str] | None = None,
    step: str = POLICY_CHANGED,
) -> Acceptances:
    """Save `policy` and accept the submitted, complete delegations that need not wait for a decision any more (rule 4).

    Only the fields named in `changed` are saved: the others keep, and `policy` gets, what is stored. A policy that is
    not stored yet is inserted whole. Returns the acceptances. `step` is that of `accept_by_rule`. Raises NotPossibleNow
    if registration would close before it opens, or if `confirmed` lacks any of the `confirmations` of `policy_preview`;
    None skips this check. Locks the quotas and delegations of the webinar. Accepts nobody if the webinar is over or its
    people were anonymised.
    """
    lock_webinar(policy.webinar)
    to_save = _reload_unchanged(policy, changed)
    preview = policy_preview(policy, now=now)
    check_confirmed(preview.confirmations, confirmed)
    policy.save(update_fields=to_save)
    accept_by_rule(preview.accepted.delegations, step=step, by=by, now=now)
    return preview.accepted


def _reload_unchanged(policy: RegistrationPolicy, changed: Collection[str]) -> list[str] | None:
    """Reload the fields of `policy` that are not in `changed`; return those to save, or None for a new policy."""
    if not RegistrationPolicy.objects.filter(pk=policy.pk).exists():
        return None
    names = {field.name for field in policy._meta.concrete_fields if not field.primary_key}
    policy.refresh_from_db(fields=names.difference(changed))
    try:
        policy.clean()
    except ValidationError as error:
        raise NotPossibleNow(error.messages[0]) from None
    return sorted(names.intersection(changed))


def policy_preview(policy: RegistrationPolicy, *, now: datetime) -> ChangePreview:
    """Return what saving the edited `policy` would do. The number of queries does not depend on the delegations."""
    webinar = policy.webinar
    end = last_session_end(webinar)
    if policy.purged_at is not None or (end is not None and now >= end):
        return ChangePreview()
    before = delegations_with_seats(webinar)
    after = _with_letter_requirement(before, webinar, requires_letter=policy.requires_letter)
    return compare_delegations(before, after, accepts_at_once=policy.accepts_complete_at_once)


def _with_letter_requirement(
    counted: Iterable[CountedDelegation], webinar: Webinar, *, requires_letter: bool
) -> list[CountedDelegation]:
    """Return the delegations of `webinar` with `lacks_letter` computed for the new value of `requires_letter`."""
    current = NominationLetter.objects.current().filter(delegation__webinar=webinar)
    present = set(current.values_list("delegation", flat=True)) if requires_letter else set()
    return [
        replace(
            each,
            lacks_letter=requires_letter
            and each.delegation.body.kind == BodyKind.COUNTRY
            and each.delegation.pk not in present,
        )
        for each in counted
    ]
