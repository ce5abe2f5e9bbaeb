"""Two people set up a webinar at the same moment; on PostgreSQL with real locks."""

from datetime import timedelta
from functools import partial

import pytest

from registrations.models import ParticipantProfile, Quota, QuotaLimits, RegistrationPolicy
from registrations.services.webinar_setup import QuotaPlan, WebinarSetup, create_webinar
from sessions_app.bilingual import Bilingual
from sessions_app.models import Session, Webinar
from sessions_app.webinar_setup import SessionPlan, SetupRefused
from tests.factories import FIRST_START, NOW, make_country
from tests.races import two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]
ROUNDS = 10


def create(slug: str) -> list[str]:
    """Create a webinar with a new profile; return the inputs that are refused, none if it was created."""
    setup = WebinarSetup(
        webinar=Webinar(slug=slug, title_en="Flows", timezone="UTC", contact_email="secretariat@example.org"),
        policy=RegistrationPolicy(opens_at=NOW, closes_at=FIRST_START - timedelta(days=1)),
        sessions=[SessionPlan(0, FIRST_START, 120, Bilingual())],
        quotas=[QuotaPlan(0, QuotaLimits(1, None), name=Bilingual(en="Analysts"))],
        bodies=[],
    )
    try:
        create_webinar(setup, now=NOW)
    except SetupRefused as refused:
        return list(refused.messages)
    return []


@pytest.mark.parametrize(("slugs", "refused"), [(("one", "one"), "slug"), (("one", "other"), "quota-0")])
def test_of_two_webinars_at_once_one_is_made_whole_and_nothing_of_the_other(
    slugs: tuple[str, str], refused: str
) -> None:
    make_country("HN")
    with two_writers() as race:
        for _round in range(ROUNDS):
            outcomes = race(partial(create, slugs[0]), partial(create, slugs[1]))

            assert sorted(outcomes) == [[], [refused]]
            assert [model.objects.count() for model in (Webinar, Session, Quota, ParticipantProfile)] == [1, 1, 1, 1]
            Webinar.objects.get().sessions.all().delete()
            Webinar.objects.all().delete()
            ParticipantProfile.objects.all().delete()
