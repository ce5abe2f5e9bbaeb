"""Two purges at the same moment, on PostgreSQL with real locks."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from registrations.models import Delegate, HistoryEvent, HistoryKind, RegistrationPolicy
from registrations.services.personal_data.purging import purge
from tests.factories import NOW, make_country, make_delegates, make_delegation, make_quotas, make_webinar
from tests.races import two_writers

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

ROUNDS = 20
LATER = NOW + timedelta(days=400)


def test_two_purges_at_once_end_each_person_once(settings, tmp_path: Path, monkeypatch):
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr("registrations.services.personal_data.purging.BATCH", 2)
    body = make_country()

    with two_writers() as race:
        for number in range(ROUNDS):
            webinar = make_webinar(f"webinar-{number}")
            make_quotas(webinar)
            make_delegates(7, make_delegation(webinar, body))

            outcomes = race(partial(purge, now=LATER), partial(purge, now=LATER))

            counts = [outcome.webinars.get(webinar.slug, {}).get("delegates", 0) for outcome in outcomes]
            assert sum(counts) == 7
            assert HistoryEvent.objects.filter(webinar=webinar, kind=HistoryKind.PURGED).count() == 1
    assert not Delegate.objects.filter(anonymised_at=None).exists()
    assert set(Delegate.objects.values_list("version", flat=True)) == {2}
    assert not RegistrationPolicy.objects.filter(purged_at=None).exists()
