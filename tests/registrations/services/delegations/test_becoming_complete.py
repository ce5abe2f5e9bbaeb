"""Any action that completes a submitted delegation accepts it at once (rule 4)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registrations.exceptions import NotPossibleNow
from registrations.messages import decision
from registrations.models import Delegate, Delegation, Delivery, HistoryEvent, Quota, QuotaLimits, RegistrationPolicy
from registrations.queries.acceptance import Acceptances
from registrations.services import carry_over, delegations, nominations
from registrations.services.imports.people import ImportRow
from registrations.services.imports.saving import import_delegates
from registrations.services.letters import upload_letter
from registrations.services.nominations import undoing
from registrations.services.policies import policy_preview, save_policy
from registrations.services.quotas import change_quota, end_exception, make_exception, quota_change_preview
from sessions_app.models import Release
from tests.factories import (
    FIRST_START,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_organisation,
    make_session,
    make_staff,
    make_upload,
    make_webinar,
)
from tests.registrations.services.delegations.stories import AFTER_THE_WEBINAR, LATER, fill, history


@pytest.fixture
def almost_complete(delegation, focal_point, now) -> Delegation:
    """A delegation that was submitted with a reason and lacks only one of two prosecutors."""
    fill(delegation)
    delegation.delegates.filter(profile__code="prosecutors").first().delete()
    return delegations.submit_delegation(delegation, version=1, by=focal_point, now=now, reason="one is ill")


@pytest.fixture
def prosecutors(delegation) -> Quota:
    return Quota.objects.select_related("webinar", "profile").get(profile__code="prosecutors")


def leaver(delegation, now, **fields) -> Delegate:
    return make_delegate(delegation, status="withdrawn", withdrawn_at=now, **fields)


def name(delegation, by, now):
    nominations.register_delegate(delegation, details=make_details(), by=by, now=now)


def name_several(delegation, by, now):
    nominations.register_delegates(delegation, people=[make_details(), make_details()], by=by, now=now)


def import_one(delegation, by, now):
    texts = {"name": "Ana Ejemplo", "email": "ana@example.org", "institution": "Fiscalía", "profile": "prosecutors",
             "timezone": "America/Tegucigalpa", "language": "es"}  # fmt: skip
    saved = import_delegates(delegation, people=[ImportRow(2, texts)], by=by, now=now)
    assert len(saved.delegates) == 1, saved


def come_again(delegation, by, now):
    last_year = make_webinar("last-year", sessions=0)
    make_session(last_year, starts_at=FIRST_START - timedelta(days=365))
    person = make_delegate(make_delegation(last_year, delegation.body, status="accepted"))
    carry_over.carry_over(delegation, chosen={person.pk: person.profile}, by=by, now=now)


def bring_back(delegation, by, now):
    undoing.restore_delegate(leaver(delegation, now, mail_not_before=now + LATER), by=by, now=now)


def change_profile(delegation, by, now):
    spare = make_delegate(delegation, "border-control")
    details = make_details("prosecutors", email=spare.email)
    nominations.edit_delegate(spare, details=details, version=1, by=by, now=now)


def undo_change_of_profile(delegation, by, now):
    """The one who is missing is missing since a change that is undone."""
    other = delegation.delegates.filter(profile__code="prosecutors").get()
    spare = make_delegate(delegation, "prosecutors")
    Delegation.objects.update(status="draft")
    for person, profile in ((spare, "border-control"), (other, "border-control")):
        details = make_details(profile, email=person.email)
        edited = nominations.edit_delegate(person, details=details, version=1, by=by, now=now, reason="moved")
    name_one = make_details("prosecutors")
    nominations.register_delegate(delegation, details=name_one, by=by, now=now)
    Delegation.objects.update(status="submitted")
    undoing.undo_edit(edited, version=2, by=by, now=now)


def waive_one(delegation, by, now):
    profile = Quota.objects.get(profile__code="prosecutors").profile
    delegations.waive_seats(delegation, profile=profile, seats=1, reason="small", by=make_staff(), now=now)


def waive_everything(delegation, by, now):
    delegations.waive_gaps(delegation, reason="small", by=make_staff(), now=now)


def lower_the_quota(delegation, by, now):
    quota = Quota.objects.get(profile__code="prosecutors")
    change_quota(quota, minimum=1, maximum=None, reason="Agreed", by=make_staff(), now=now)


def except_the_country(delegation, by, now):
    quota = Quota.objects.get(profile__code="prosecutors")
    make_exception(delegation, quota=quota, minimum=1, maximum=None, reason="Small", by=make_staff(), now=now)


def end_the_exception(delegation, by, now):
    quota, staff = Quota.objects.get(profile__code="prosecutors"), make_staff()
    make_exception(delegation, quota=quota, minimum=3, maximum=None, reason="Large", by=staff, now=now)
    Quota.objects.filter(pk=quota.pk).update(minimum=1)
    quota.refresh_from_db()
    end_exception(delegation, quota=quota, reason="As all", by=staff, now=now)


def attend_again(delegation, by, now):
    delegations.mark_not_attending(delegation, reason="Elections", by=by, now=now)
    Quota.objects.update(minimum=1)
    delegations.mark_attending_again(delegation, by=by, now=now)


def send_the_letter(delegation, by, now):
    Quota.objects.update(minimum=1)
    RegistrationPolicy.objects.update(requires_letter=True)
    upload_letter(Delegation.objects.get(pk=delegation.pk), upload=make_upload(), by=by, now=now)


def require_no_letter(delegation, by, now):
    Quota.objects.update(minimum=1)
    RegistrationPolicy.objects.update(requires_letter=True)
    policy = RegistrationPolicy.objects.get(webinar=delegation.webinar)
    policy.requires_letter = False
    save_policy(policy, changed=["requires_letter"], by=make_staff(), now=now)


def wait_no_longer(delegation, by, now):
    Quota.objects.update(minimum=1)
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    policy = RegistrationPolicy.objects.get(webinar=delegation.webinar)
    policy.accepts_complete_at_once = True
    save_policy(policy, changed=["accepts_complete_at_once"], by=make_staff(), now=now)


COMPLETING = {
    name: "registered",
    name_several: "registered",
    import_one: "registered",
    come_again: "registered",
    bring_back: "restored",
    change_profile: "edited",
    undo_change_of_profile: "edit_undone",
    waive_one: "waived",
    waive_everything: "waived",
    lower_the_quota: "quota_changed",
    except_the_country: "exception_made",
    end_the_exception: "exception_ended",
    attend_again: "attending_again",
    send_the_letter: "letter_uploaded",
    require_no_letter: "policy_changed",
    wait_no_longer: "policy_changed",
}


@pytest.mark.parametrize(("step", "kind"), COMPLETING.items(), ids=[step.__name__ for step in COMPLETING])
def test_every_action_that_completes_a_submitted_delegation_accepts_it_once(
    almost_complete, focal_point, now, step, kind
):
    step(almost_complete, focal_point, now + LATER)

    stored = Delegation.objects.get(pk=almost_complete.pk)
    assert (stored.status, stored.decided_at, stored.decided_by, stored.gap_reason) == (
        "accepted",
        now + LATER,
        None,
        "",
    )
    assert not stored.delegates.active().filter(admitted_at=None).exists()
    accepted = HistoryEvent.objects.get(delegation=almost_complete, kind="accepted")
    assert accepted.changes == {"step": ["", kind]}
    assert accepted.actor is not None


@pytest.mark.parametrize("step", [one for one in COMPLETING if one is not wait_no_longer])
def test_a_complete_delegation_waits_if_the_policy_says_so(almost_complete, focal_point, now, step):
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)

    step(almost_complete, focal_point, now + LATER)

    assert Delegation.objects.get(pk=almost_complete.pk).status == "submitted"
    assert not Delegate.objects.admitted().exists()


@pytest.mark.parametrize("status", ["draft", "returned", "reopened"])
def test_a_complete_delegation_that_is_not_submitted_is_not_accepted(almost_complete, focal_point, now, status):
    Delegation.objects.update(status=status)

    name(almost_complete, focal_point, now)

    assert Delegation.objects.get().status == status


def test_a_submitted_delegation_with_a_gap_is_not_accepted(almost_complete, focal_point, now):
    Delegate.objects.filter(profile__code="prosecutors").delete()

    name(almost_complete, focal_point, now)

    assert Delegation.objects.get().status == "submitted"


def test_the_history_records_the_action_that_completed_a_delegation(almost_complete, focal_point, now):
    name(almost_complete, focal_point, now)

    assert history() == [
        ("submitted", focal_point, "one is ill"),
        ("registered", focal_point, ""),
        ("accepted", focal_point, ""),
    ]
    assert HistoryEvent.objects.get(kind="accepted").completing_step == "Registered"


def test_focal_points_get_the_same_mail_as_after_a_submission(almost_complete, focal_point, now):
    Release.objects.create(webinar=almost_complete.webinar, number=1, released_at=now, agenda={})
    name(almost_complete, focal_point, now)

    decision.owed(now=now)

    told = Delivery.objects.get(kind="decision")
    assert (told.user, told.event.kind) == (focal_point, "accepted")


def test_replacing_a_delegate_accepts_a_delegation_that_was_complete_before(almost_complete, focal_point, now):
    waiting = make_delegate(almost_complete)

    nominations.replace_delegate(waiting, details=make_details(), version=1, by=focal_point, now=now)

    assert Delegation.objects.get().status == "accepted"
    assert HistoryEvent.objects.get(kind="accepted").completing_step == "Replaced"


def test_a_lower_quota_accepts_only_the_delegations_that_it_completes(almost_complete, prosecutors, staff, now):
    webinar = almost_complete.webinar
    panama, cuba, mexico = (
        make_delegation(webinar, make_country(code), status=status)
        for code, status in (("PA", "submitted"), ("CU", "draft"), ("MX", "submitted"))
    )
    for one in (panama, cuba):
        fill(one)
        one.delegates.filter(profile__code="prosecutors").first().delete()

    preview = quota_change_preview(prosecutors, QuotaLimits(1, None))
    change_quota(
        prosecutors, minimum=1, maximum=None, reason="Agreed", by=staff, now=now, confirmed=preview.confirmations
    )

    assert preview.accepted == Acceptances((almost_complete, panama), people=14)
    statuses = dict(Delegation.objects.values_list("pk", "status"))
    assert statuses == {almost_complete.pk: "accepted", panama.pk: "accepted", cuba.pk: "draft", mexico.pk: "submitted"}


def test_a_change_of_limits_returns_only_the_delegations_that_it_accepted(almost_complete, prosecutors, staff, now):
    seen = quota_change_preview(prosecutors, QuotaLimits(1, None)).confirmations
    asked = {"quota": prosecutors, "maximum": None, "reason": "Agreed", "by": staff, "now": now, "confirmed": seen}
    accepted = Acceptances((almost_complete,), people=7)

    def submit_again() -> None:
        Delegation.objects.update(status="submitted")
        Delegate.objects.update(admitted_at=None)

    Delegation.objects.update(status="returned")
    assert make_exception(almost_complete, minimum=1, **asked) == Acceptances()
    submit_again()
    assert make_exception(almost_complete, minimum=0, **asked | {"confirmed": None}) == accepted
    submit_again()
    Quota.objects.filter(pk=prosecutors.pk).update(minimum=1)
    assert end_exception(almost_complete, quota=prosecutors, reason="As all", by=staff, now=now) == accepted
    submit_again()
    Quota.objects.filter(pk=prosecutors.pk).update(minimum=2)
    assert change_quota(prosecutors, minimum=1, maximum=None, reason="Agreed", by=staff, now=now) == accepted


def test_lowering_a_quota_needs_a_confirmation_of_its_acceptances(almost_complete, prosecutors, staff, now):
    seen = quota_change_preview(prosecutors, QuotaLimits(1, None)).confirmations
    make_delegate(almost_complete, "border-control")

    with pytest.raises(NotPossibleNow, match="Meanwhile this does more than you have seen"):
        change_quota(prosecutors, minimum=1, maximum=None, reason="Agreed", by=staff, now=now, confirmed=seen)

    assert Delegation.objects.get().status == "submitted"


def test_the_queries_of_lowering_a_quota_do_not_grow_with_delegations(almost_complete, prosecutors, staff, now):
    def count() -> int:
        quota = Quota.objects.select_related("webinar", "profile").get(pk=prosecutors.pk)
        with CaptureQueriesContext(connection) as queries:
            change_quota(quota, minimum=1, maximum=None, reason="Agreed", by=staff, now=now)
        return len(queries)

    for_one = count()
    Quota.objects.update(minimum=2)
    for first in "ABC":
        for second in "ABCDEFGHIJ":
            one = make_delegation(almost_complete.webinar, make_country(f"{first}{second}"), status="submitted")
            fill(one)
            one.delegates.filter(profile__code="prosecutors").first().delete()

    assert count() == for_one
    assert Delegation.objects.filter(status="accepted").count() == 31


def test_lowering_a_quota_accepts_no_country_with_an_exception(almost_complete, prosecutors, staff, now):
    make_exception(almost_complete, quota=prosecutors, minimum=2, maximum=None, reason="Both", by=staff, now=now)

    assert quota_change_preview(prosecutors, QuotaLimits(1, None)).accepted == Acceptances()


def test_accepting_at_once_again_accepts_and_returns_complete_delegations(almost_complete, staff, now):
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    make_delegate(almost_complete)
    unodc = make_delegation(almost_complete.webinar, make_organisation(), status="submitted")
    make_delegate(unodc, None)
    elsewhere = make_delegation(make_webinar("other"), almost_complete.body, status="submitted")
    policy = RegistrationPolicy.objects.get(webinar=almost_complete.webinar)
    policy.accepts_complete_at_once = True

    preview = policy_preview(policy, now=now)
    accepted = save_policy(
        policy, changed=["accepts_complete_at_once"], by=staff, now=now, confirmed=preview.confirmations
    )

    assert accepted == preview.accepted == Acceptances((almost_complete, unodc), people=9)
    assert Delegation.objects.get(pk=elsewhere.pk).status == "submitted"


def test_saving_a_policy_needs_a_confirmation_of_its_acceptances(almost_complete, staff, now):
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    make_delegate(almost_complete)
    policy = RegistrationPolicy.objects.get(webinar=almost_complete.webinar)
    policy.accepts_complete_at_once = True

    with pytest.raises(NotPossibleNow):
        save_policy(policy, changed=["accepts_complete_at_once"], by=staff, now=now, confirmed=())

    assert not RegistrationPolicy.objects.get().accepts_complete_at_once
    assert Delegation.objects.get().status == "submitted"


def test_saving_a_policy_after_the_webinar_accepts_nobody(almost_complete, staff, now):
    RegistrationPolicy.objects.update(accepts_complete_at_once=False)
    make_delegate(almost_complete)
    policy = RegistrationPolicy.objects.get(webinar=almost_complete.webinar)
    policy.accepts_complete_at_once = True

    save_policy(policy, changed=["accepts_complete_at_once"], by=staff, now=now + AFTER_THE_WEBINAR, confirmed=())

    assert Delegation.objects.get().status == "submitted"
