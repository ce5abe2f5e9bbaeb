"""The histories say what a person answered in their calendar program, with the comment, and who confirmed it."""

import pytest
from django.urls import reverse

from registrations.models import CalendarAnswer, HistoryEvent, HistoryKind, Partstat
from registrations.services.history import record
from registrations.services.personal_data.anonymising import without_values
from tests.factories import NOW, make_focal_point
from tests.registrations.services.inbox.stories import OUR_SERVER, Inbox, entry_of, reply_mail
from tests.registrations.services.inbox.stories import read as read_inbox
from tests.registrations.views.test_participant_page import text_without_tags


@pytest.mark.parametrize("is_proven", [True, False])
@pytest.mark.parametrize("date", ["Mon, 1 Jan 0101 00:00:00 +0000", "Fri, 30 Oct 2026 10:30:00 -0600"])
def test_an_answer_with_a_forged_year_breaks_no_page(is_proven, date, participant, secretariat, settings, tmp_path):
    inbox = Inbox(tmp_path / "Maildir")
    settings.INBOX_URL, settings.INBOX_AUTHSERV_ID = inbox.url, OUR_SERVER
    mail = reply_mail(entry_of(participant), "TENTATIVE", is_proven=is_proven, DTSTAMP="00010101T000000Z")
    inbox.deliver(f"Date: {date}\n".encode() + mail)
    read_inbox()
    pages = [
        reverse("admin:registrations_delegate_change", args=[participant.pk]),
        reverse("admin:registrations_delegation_change", args=[participant.delegation_id]),
        reverse("admin:index"),
    ]

    assert [secretariat.get(page).status_code for page in pages] == [200] * 3
    secretariat.force_login(make_focal_point(participant.delegation.body).user)
    assert secretariat.get(participant.delegation.get_absolute_url()).status_code == 200
    assert CalendarAnswer.objects.filter(state="counted" if is_proven else "to_confirm").count() == 1


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
