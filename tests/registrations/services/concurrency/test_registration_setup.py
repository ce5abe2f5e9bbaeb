"""Two officers, or an officer and a focal point, change the registration of a webinar at once; on PostgreSQL."""

from functools import partial

import pytest
from django.db import transaction

from registrations.exceptions import InvalidInput, NotPossibleNow
from registrations.models import Delegate, Delegation, FocalPoint, ParticipantProfile, Quota, QuotaLimits
from registrations.services.focal_points import NewFocalPoint, appoint_focal_points
from registrations.services.nominations import register_delegate
from registrations.services.participating_bodies import add_bodies, remove_body
from registrations.services.quotas import QuotaChange, change_quotas, format_limits
from sessions_app.bilingual import Bilingual
from tests.factories import (
    make_country,
    make_delegation,
    make_details,
    make_profiles,
    make_staff,
    make_user,
    make_webinar,
)
from tests.races import ROUNDS, kinds_of, two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_of_two_officers_who_change_one_quota_the_second_is_told(now):
    delegation, staff = make_delegation(), make_staff()
    quota = Quota.objects.select_related("profile").get(profile__code="prosecutors")

    def change(minimum: int) -> int:
        changes = [QuotaChange(0, quota.profile, QuotaLimits(minimum, None), format_limits(QuotaLimits(2, None)))]
        change_quotas(delegation.webinar, changes, reason="Agreed", by=staff, now=now, confirmed=())
        return minimum

    with two_writers() as race:
        for _round in range(ROUNDS):
            Quota.objects.filter(pk=quota.pk).update(minimum=2)

            outcomes = race(partial(change, 3), partial(change, 4))

            (won,) = [outcome for outcome in outcomes if outcome is not InvalidInput]
            assert kinds_of(outcomes) == ["InvalidInput", "done"]
            assert Quota.objects.get(pk=quota.pk).minimum == won


def test_a_new_profile_that_two_officers_type_at_once_is_made_once(now):
    webinar, staff = make_webinar(), make_staff()
    changes = [QuotaChange(0, None, QuotaLimits(1, None), name=Bilingual(en="Analysts"))]
    add = partial(change_quotas, webinar, changes, reason="", by=staff, now=now, confirmed=())

    with two_writers() as race:
        for _round in range(ROUNDS):
            outcomes = race(add, add)

            assert "done" in kinds_of(outcomes)
            assert set(kinds_of(outcomes)) <= {"InvalidInput", "done"}
            assert [model.objects.count() for model in (Quota, ParticipantProfile)] == [1, 1]
            Quota.objects.all().delete()
            ParticipantProfile.objects.all().delete()


def test_a_country_is_removed_or_its_first_person_registered_but_not_both(now):
    delegation, user, staff = make_delegation(), make_user(), make_staff()
    webinar, body = delegation.webinar, delegation.body
    make_profiles()
    seen = set()

    with two_writers() as race:
        for _round in range(ROUNDS):
            removed, registered = race(
                partial(remove_body, delegation, by=staff, now=now),
                partial(register_delegate, delegation, details=make_details(), by=user, now=now),
            )

            outcome = (removed is NotPossibleNow, registered is NotPossibleNow)
            assert outcome in {(True, False), (False, True)}
            assert Delegation.objects.exists() == Delegate.objects.exists() == (registered is not NotPossibleNow)
            seen.add(outcome)
            with transaction.atomic():
                for person in Delegate.objects.all():
                    person.history.all().delete()
                    person.delete()
                Delegation.objects.all().delete()
            (delegation,) = add_bodies(webinar, [body], by=staff, now=now)

    assert len(seen) == 2, "the race was always won by the same side: nothing was tested"


def test_a_country_that_two_officers_add_at_once_takes_part_once(now):
    delegation, staff = make_delegation(), make_staff()
    bodies = [make_country("PA"), make_country("GT")]

    with two_writers() as race:
        for _round in range(ROUNDS):
            one, other = race(
                partial(add_bodies, delegation.webinar, bodies, by=staff, now=now),
                partial(add_bodies, delegation.webinar, bodies[::-1], by=staff, now=now),
            )

            assert len([*one, *other]) == 2
            assert Delegation.objects.filter(body__in=bodies).count() == 2
            Delegation.objects.filter(body__in=bodies).delete()


def test_focal_points_that_two_officers_paste_at_once_are_appointed_once_with_one_primary():
    bodies = [make_country("HN"), make_country("PA")]
    people = [NewFocalPoint(body, f"{body.slug}@example.org", "Ana", "es") for body in bodies]

    with two_writers() as race:
        for _round in range(ROUNDS):
            one, other = race(partial(appoint_focal_points, people), partial(appoint_focal_points, people[::-1]))

            made = [outcome for outcome in (*one, *other) if isinstance(outcome, FocalPoint)]
            assert len(made) == FocalPoint.objects.filter(is_primary=True).count() == 2
            FocalPoint.objects.all().delete()
