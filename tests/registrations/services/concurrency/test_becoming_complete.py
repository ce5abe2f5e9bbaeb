"""A submitted delegation that becomes complete is accepted once, whoever else writes at the same moment."""

from functools import partial

import pytest

from registrations.models import (
    Delegate,
    Delegation,
    HistoryEvent,
    HistoryKind,
    Quota,
    RegistrationPolicy,
    VerificationCode,
)
from registrations.services.delegations import submit_delegation
from registrations.services.letters import upload_letter
from registrations.services.nominations import register_delegate
from registrations.services.policies import save_policy
from registrations.services.quotas import change_quota
from tests.factories import (
    PROFILES,
    make_delegate,
    make_delegation,
    make_details,
    make_pdf,
    make_profiles,
    make_staff,
    make_upload,
    make_user,
    make_webinar,
)
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def submit_again(delegation: Delegation) -> None:
    """As it is submitted with gaps, before anybody of this round was named."""
    Delegation.objects.filter(pk=delegation.pk).update(status="submitted")
    VerificationCode.objects.all().delete()
    HistoryEvent.objects.all().delete()
    Delegate.objects.all().delete()


def acceptances() -> int:
    return HistoryEvent.objects.filter(kind=HistoryKind.ACCEPTED).count()


def test_filling_the_last_two_seats_at_once_accepts_the_delegation_once(now):
    delegation, user, colleague = make_delegation(), make_user(), make_user()
    make_profiles()
    Quota.objects.exclude(profile__code="prosecutors").update(minimum=0)

    with two_writers() as race:
        for _ in range(ROUNDS // 2):
            submit_again(delegation)

            outcomes = race(
                partial(register_delegate, delegation, details=make_details(), by=user, now=now),
                partial(register_delegate, delegation, details=make_details(), by=colleague, now=now),
            )

            assert kinds_of(outcomes) == ["done", "done"]
            assert Delegation.objects.get().status == "accepted"
            assert (acceptances(), Delegate.objects.admitted().count()) == (1, 2)


def test_lowering_a_quota_and_registering_at_once_accept_the_delegation_once(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    make_profiles()
    Quota.objects.exclude(profile__code="prosecutors").update(minimum=0)
    quota = Quota.objects.select_related("webinar").get(profile__code="prosecutors")
    steps = set()

    with two_writers() as race:
        for _ in range(ROUNDS):
            submit_again(delegation)
            Quota.objects.filter(pk=quota.pk).update(minimum=2)
            make_delegate(delegation)

            outcomes = race(
                partial(change_quota, quota, minimum=1, maximum=None, reason="Agreed", by=staff, now=now),
                partial(register_delegate, delegation, details=make_details(), by=user, now=now),
            )

            assert kinds_of(outcomes) == ["done", "done"]
            assert Delegation.objects.get().status == "accepted"
            assert (acceptances(), Delegate.objects.admitted().count()) == (1, 2)
            steps.add(HistoryEvent.objects.get(kind=HistoryKind.ACCEPTED).changes["step"][1])

    assert steps == {"quota_changed", "registered"}, "the race was always won by the same side: nothing was tested"


def test_a_submission_during_a_change_of_the_policy_is_judged_by_the_new_one(now):
    """Without a quota nothing but the delegation itself makes the two wait for each other."""
    delegation, user, staff = make_delegation(make_webinar()), make_user(), make_staff()

    with two_writers() as race:
        for number in range(ROUNDS // 2):
            submit_again(delegation)
            Delegation.objects.update(status="draft", version=1)
            make_delegate(delegation, None)
            RegistrationPolicy.objects.update(requires_letter=True)
            policy = RegistrationPolicy.objects.get()
            policy.requires_letter = False
            if number % 4 == 0:
                upload_letter(delegation, upload=make_upload(make_pdf(str(number))), by=user, now=now)

            race(
                partial(submit_delegation, delegation, version=1, reason="It is being signed.", by=user, now=now),
                partial(save_policy, policy, changed=["requires_letter"], by=staff, now=now),
            )

            assert Delegation.objects.get().status == "accepted"
            assert acceptances() == 1


def test_changing_the_policy_and_registering_at_once_accept_the_delegation_once(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    make_profiles()
    Quota.objects.filter(profile__code__in=sorted(PROFILES)[1:]).update(minimum=0)
    last = sorted(PROFILES)[0]

    with two_writers() as race:
        for _ in range(ROUNDS // 2):
            submit_again(delegation)
            make_delegate(delegation, last)
            RegistrationPolicy.objects.update(accepts_complete_at_once=False)
            policy = RegistrationPolicy.objects.get()
            policy.accepts_complete_at_once = True

            race(
                partial(save_policy, policy, changed=["accepts_complete_at_once"], by=staff, now=now),
                partial(register_delegate, delegation, details=make_details(last), by=user, now=now),
            )

            assert (Delegation.objects.get().status, acceptances()) == ("accepted", 1)
            assert Delegate.objects.admitted().count() == 2
