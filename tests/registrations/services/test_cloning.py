from datetime import UTC, date, datetime, timedelta

import pytest

from registrations.models import Delegation, DelegationStatus, Delivery, QuotaException, RegistrationPolicy
from registrations.services.cloning import clone_webinar
from registrations.services.delivering.plan import plan
from registrations.services.quotas import make_exception
from sessions_app.bilingual import Bilingual
from sessions_app.cloning import CloneRefused
from sessions_app.models import Webinar
from sessions_app.releases import release_webinar
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_gap_notice_rule,
    make_reminder_rule,
    make_staff,
    make_webinar,
)

pytestmark = pytest.mark.django_db

NEXT = Bilingual("Next webinar", "Próximo webinario")
MAY = date(2027, 5, 3)


@pytest.fixture
def webinar() -> Webinar:
    """Released; Honduras named someone, Panama does not attend."""
    delegation = make_delegation(status=DelegationStatus.ACCEPTED, decision_comment="Thank you")
    webinar = delegation.webinar
    make_delegate(delegation, admitted_at=NOW)
    make_delegation(
        webinar, make_country("PA"), status=DelegationStatus.NOT_ATTENDING, not_attending_reason="Elections"
    )
    webinar.quotas.filter(profile__code="prosecutors").update(minimum=3, maximum=5)
    make_reminder_rule(webinar)
    make_gap_notice_rule(webinar)
    RegistrationPolicy.objects.update(requires_letter=True, accepts_complete_at_once=False, minimum_stay_minutes=25)
    release_webinar(webinar, by=None, now=NOW)
    return webinar


def clone(webinar: Webinar, starts_on: date = MAY, *, now: datetime = NOW) -> Webinar:
    return clone_webinar(webinar, slug="next", title=NEXT, starts_on=starts_on, now=now)


def test_quotas_and_rules_come_along_and_count_from_now(webinar: Webinar) -> None:
    later = NOW + timedelta(days=1)

    copy = clone(webinar, now=later)

    quotas = "profile", "minimum", "maximum"
    assert list(copy.quotas.values_list(*quotas)) == list(webinar.quotas.values_list(*quotas))
    reminders = "amount", "unit", "moment", "recipients", "scope"
    assert list(copy.reminder_rules.values_list(*reminders)) == list(webinar.reminder_rules.values_list(*reminders))
    assert copy.reminder_rules.get().created_at == later
    assert copy.gap_notice_rules.get().days_before == webinar.gap_notice_rules.get().days_before


def test_an_exception_from_a_quota_comes_along_with_its_reason_and_who_made_it(webinar: Webinar) -> None:
    honduras, staff = webinar.delegations.get(body__iso_code="HN"), make_staff()
    quota = webinar.quotas.get(profile__code="prosecutors")
    make_exception(honduras, quota=quota, minimum=1, maximum=4, reason="One unit", by=staff, now=NOW)

    copy = clone(webinar, now=NOW + timedelta(days=1))

    exception = QuotaException.objects.get(quota__webinar=copy)
    assert (exception.quota.profile, exception.body) == (quota.profile, honduras.body)
    assert (exception.minimum, exception.maximum) == (1, 4)
    assert (exception.reason, exception.made_by, exception.made_at) == ("One unit", staff, NOW)


def test_the_policy_comes_along_with_its_days_moved_and_without_an_opening(webinar: Webinar) -> None:
    policy = clone(webinar).policy

    days = MAY - date(2026, 11, 16)
    old = webinar.policy
    assert (policy.opens_at, policy.closes_at, policy.purge_on) == (None, old.closes_at + days, old.purge_on + days)
    assert (policy.requires_letter, policy.accepts_complete_at_once) == (True, False)
    assert policy.minimum_stay_minutes == 25


def test_a_closing_that_would_be_past_is_the_start_of_the_first_session(webinar: Webinar) -> None:
    copy = clone(webinar, date(2026, 10, 28))

    assert copy.policy.closes_at == datetime(2026, 10, 28, 15, 0, tzinfo=UTC)


def test_the_same_countries_are_asked_and_nobody_is_named(webinar: Webinar) -> None:
    copy = clone(webinar)

    asked = list(copy.delegations.order_by("body__slug").values_list("body__slug", "status", "not_attending_reason"))
    assert asked == [("country-hn", "draft", ""), ("country-pa", "draft", "")]
    assert not copy.delegates.exists()
    assert not copy.history.exists()
    assert Delegation.objects.get(webinar=copy, body__slug="country-hn").slug == "next-country-hn"


def test_nothing_is_mailed_about_a_clone_before_it_is_opened(webinar: Webinar) -> None:
    copy = clone(webinar)
    make_focal_point(Delegation.objects.get(webinar=copy, body__slug="country-hn").body)
    Delivery.objects.all().delete()

    release_webinar(copy, by=None, now=NOW)
    plan(now=NOW)

    assert not Delivery.objects.filter(delegation__webinar=copy).exists()
    assert not Delivery.objects.filter(session__webinar=copy).exists()


def test_a_refused_clone_leaves_nothing_behind(webinar: Webinar) -> None:
    with pytest.raises(CloneRefused):
        clone(webinar, date(2026, 11, 16))

    assert Webinar.objects.get() == webinar
    assert RegistrationPolicy.objects.count() == 1


def test_a_webinar_without_a_policy_is_cloned_without_one() -> None:
    copy = clone(make_webinar(with_policy=False))

    assert not RegistrationPolicy.objects.filter(webinar=copy).exists()
