"""The histories say what a person answered in their calendar program, with the comment, and who confirmed it."""

import pytest
from django.urls import reverse

from registrations.models import HistoryEvent, HistoryKind, Partstat
from registrations.services.history import record
from registrations.services.personal_data.anonymising import without_values
from tests.factories import NOW, make_focal_point
from tests.registrations.views.test_participant_page import text_without_tags


@pytest.fixture
def answered(participant) -> HistoryEvent:
    return record(
        HistoryKind.ANSWERED,
        delegation=participant.delegation,
        delegate=participant,
        by=None,
        now=NOW,
        reason="Llego <b>tarde</b>",
        changes={"session": [1, 1], "answer": [Partstat.NEEDS_ACTION, Partstat.TENTATIVE]},
    )


def test_the_country_reads_the_answer_and_the_comment(answered, client):
    client.force_login(make_focal_point(answered.delegation.body).user)

    text = text_without_tags(client.get(answered.delegation.get_absolute_url()))

    assert f"Answered in their calendar : {answered.delegate.name}, session 1: maybe" in text
    assert "in their calendar program" in text
    assert "Llego <b>tarde</b>" in text


def test_the_secretariat_reads_the_answer_and_the_comment(answered, secretariat):
    page = reverse("admin:registrations_delegate_change", args=[answered.delegate.pk])

    text = text_without_tags(secretariat.get(page))

    assert "in their calendar program" in text
    assert "Llego <b>tarde</b>" in text
    assert "answer: no answer yet → maybe" in text


def test_the_name_of_the_staff_who_confirmed_it_is_shown_instead(answered, secretariat, staff):
    HistoryEvent.objects.update(actor=staff)

    text = text_without_tags(
        secretariat.get(reverse("admin:registrations_delegate_change", args=[answered.delegate.pk]))
    )

    assert "in their calendar program" not in text


def test_an_answer_that_was_purged_is_shown_nowhere(answered, client):
    HistoryEvent.objects.update(changes=without_values(answered.changes))
    client.force_login(make_focal_point(answered.delegation.body).user)

    text = text_without_tags(client.get(answered.delegation.get_absolute_url()))

    assert "Answered in their calendar" in text
    assert "session 1: maybe" not in text
