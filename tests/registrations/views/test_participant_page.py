import re
from datetime import timedelta
from html import unescape
from urllib.parse import unquote_plus

import pytest

from registrations.models import CalendarEntry, Delegate, Delegation, DelegationStatus, Partstat
from registrations.queries.rooms import ROOM_STAYS_OPEN
from registrations.services.nominations import edit_delegate, replace_delegate, withdraw_delegate
from registrations.tokens import Scope, make_token
from sessions_app.editing import cancel_session
from sessions_app.models import Session
from sessions_app.releases import release_webinar
from tests.factories import (
    FIRST_START,
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_details,
    make_organisation,
    make_session,
    make_staff,
)
from tests.registrations.participants import make_participant

END = FIRST_START + timedelta(days=1, hours=2)


@pytest.fixture
def page_text(client, address_of):
    """Return the function that reads the page as text with single blanks."""

    def read(delegate, language="en"):
        response = client.get(address_of("registrations:my", delegate, language=language))
        assert response.status_code == 200
        return text_without_tags(response)

    return read


def text_without_tags(response):
    main = response.content.decode().partition("<main")[2].partition(">")[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def answers_of(delegate):
    return list(
        CalendarEntry.objects.filter(delegate=delegate)
        .order_by("session__number")
        .values_list("ical_partstat", flat=True)
    )


def test_the_page_begins_with_the_next_session_in_the_participants_zone(participant, page_text):
    text = page_text(participant)

    assert text.index("In 21 days") < text.index("Mon 16 Nov, 09:00–11:00") < text.index("Context and challenges 1")
    assert "Tegucigalpa" in text
    assert "The room opens: Mon 16 Nov, 08:45 Tegucigalpa" in text


@pytest.mark.parametrize(
    ("zone", "own", "beside"),
    [
        ("America/Tegucigalpa", "Mon 16 Nov, <strong>09:00–11:00</strong>", False),
        ("America/Panama", "Mon 16 Nov, <strong>10:00–12:00</strong>", True),
        ("America/Santo_Domingo", "Mon 16 Nov, <strong>11:00–13:00</strong>", True),
        ("Australia/Sydney", "Tue 17 Nov, <strong>02:00–04:00</strong>", True),
    ],
)
def test_the_webinars_time_is_shown_beside_the_participants_if_the_clocks_differ(
    participant, client, address_of, zone, own, beside
):
    Delegate.objects.update(timezone=zone)

    html = client.get(address_of("registrations:my", participant)).content.decode()

    assert own in html
    assert (">09:00–11:00</span> Costa Rica, UTC−06:00" in html) is beside


def test_while_the_room_is_open_the_page_says_so(participant, page_text, clock):
    clock.move_to(FIRST_START - timedelta(minutes=15))

    assert "In 15 minutes" in page_text(participant)
    assert "The room is open: join" in page_text(participant)


def test_once_the_first_session_is_over_the_second_is_the_next(participant, page_text, clock):
    clock.move_to(FIRST_START + timedelta(hours=2) + ROOM_STAYS_OPEN)

    text = page_text(participant)

    assert text.index("Tomorrow") < text.index("Context and challenges 2") < text.index("Context and challenges 1")
    assert text.count("This session is over.") == 1


def test_a_session_that_overruns_still_links_to_its_room(participant, client, address_of, clock):
    clock.move_to(FIRST_START + timedelta(hours=2))

    html = client.get(address_of("registrations:my", participant)).content.decode()

    assert "By the agenda this session is over; its room is still open:" in html
    assert address_of("registrations:join", participant, 1, scope=Scope.JOIN) in html


def test_after_the_last_session_there_is_nothing_to_answer_or_to_add(participant, client, address_of, clock):
    clock.move_to(END)

    response = client.get(address_of("registrations:my", participant))

    assert "There is no further session." in text_without_tags(response)
    assert b'name="answer"' not in response.content
    assert b"calendar.google.com" not in response.content


def test_the_page_shows_what_was_released_and_not_what_is_being_edited(participant, page_text):
    Session.objects.update(title_en="Not yet public", starts_at=FIRST_START + timedelta(days=30))

    text = page_text(participant)

    assert "Not yet public" not in text
    assert "Context and challenges 1" in text


def test_a_cancelled_session_says_so_and_is_not_the_next(participant, page_text):
    cancel_session(Session.objects.get(number=1), now=NOW)
    release_webinar(participant.webinar, by=None, now=NOW)

    text = page_text(participant)

    assert text.index("In 22 days") < text.index("Context and challenges 2")
    assert text.count("This session has been cancelled.") == 1


def test_the_page_is_in_the_language_of_its_address_and_offers_the_other(participant, client, address_of):
    for language, other in (("en", "es"), ("es", "en")):
        response = client.get(address_of("registrations:my", participant, language=language))

        assert response.headers["Content-Language"] == language
        assert f'<html lang="{language}"'.encode() in response.content
        assert address_of("registrations:my", participant, language=other).encode() in response.content


def test_the_page_never_contains_the_room_address(participant, client, address_of, clock):
    for now in (NOW, FIRST_START):
        clock.move_to(now)
        assert b"rooms.example.org" not in client.get(address_of("registrations:my", participant)).content


def test_web_calendar_links_contain_the_join_link(participant, client, address_of):
    html = unquote_plus(unescape(client.get(address_of("registrations:my", participant)).content.decode()))
    links = re.findall(r'href="(https://[^"]+)"', html)

    assert {link.split("/")[2] for link in links} == {
        "calendar.google.com",
        "outlook.office.com",
        "outlook.live.com",
    }
    assert len(links) == 6
    for link in links:
        assert make_token(participant, Scope.JOIN) in link
        assert make_token(participant, Scope.PAGE) not in link


def test_the_feed_is_offered_as_a_webcal_link_and_as_an_address_to_copy(participant, client, address_of):
    html = client.get(address_of("registrations:my", participant)).content.decode()
    path = address_of("registrations_files:feed", participant)

    assert f'href="webcal://testserver{path}"' in html
    assert f"http://testserver{path}<" in html


def test_nobody_else_is_named_on_the_page(participant, client, address_of):
    other = make_participant(participant.delegation, name="Luis Mejía", email="luis@example.org")

    html = client.get(address_of("registrations:my", participant)).content.decode()

    assert (other.name in html, other.email in html) == (False, False)


def test_the_page_is_not_cached_and_sends_no_referrer(participant, client, address_of):
    headers = client.get(address_of("registrations:my", participant)).headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_before_the_first_release_the_page_says_what_the_person_is_waiting_for(clock, db, page_text):
    text = page_text(make_participant())

    assert "There is nothing here for you to do yet." in text
    assert "Context and challenges" not in text
    assert "secretariat@example.org" in text


def test_a_person_who_is_not_admitted_sees_no_session(participant, page_text):
    newcomer = make_delegate(participant.delegation)

    text = page_text(newcomer)

    assert "There is nothing here for you to do yet." in text
    assert "Context and challenges" not in text


def test_the_page_says_that_the_delegation_does_not_attend(participant, page_text):
    Delegation.objects.update(status=DelegationStatus.NOT_ATTENDING)

    text = page_text(participant)

    assert "Your delegation does not take part in this webinar at present." in text
    assert "Context and challenges" not in text


def test_a_person_of_an_organisation_has_the_same_page(participant, page_text):
    body = make_organisation(name_en="Example office")
    delegation = make_delegation(participant.webinar, body, status=DelegationStatus.ACCEPTED)
    panelist = make_participant(delegation, profile=None, role="panelist", name="Rosa Lima")

    text = page_text(panelist)

    assert "Rosa Lima · Example office" in text
    assert "Context and challenges 1" in text


@pytest.mark.parametrize("leave", [withdraw_delegate, replace_delegate])
@pytest.mark.parametrize(
    ("language", "heading", "contact"),
    [
        ("en", "You no longer take part in this webinar", "The secretariat answers at"),
        ("es", "Usted ya no participa en este seminario web", "La Secretaría responde en"),
    ],
)
def test_a_person_who_left_sees_only_that_and_a_contact_address(
    participant, client, address_of, leave, language, heading, contact
):
    path = address_of("registrations:my", participant, language=language)
    of_leave = {"reason": "Ill"} | ({"details": make_details(name="Luis Sol")} if leave is replace_delegate else {})

    leave(participant, version=1, by=make_staff(), now=NOW, **of_leave)
    ended = client.get(path)

    assert ended.status_code == 410
    assert (ended.headers["Cache-Control"], ended.headers["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    assert f"<title>{heading}" in ended.content.decode()
    assert text_without_tags(ended).startswith(heading)
    assert f"{contact} {participant.webinar.contact_email}" in text_without_tags(ended)
    told = ("Ana", "ana@", "Luis", "Honduras", "Ill", "Mass intra-regional", "Context", "Contexto", "09:00")
    above_the_footer = ended.content.decode().partition("<footer")[0]
    assert [word for word in told if word in above_the_footer] == []
    assert f"/my/{make_token(participant, Scope.PAGE)}/calendar.ics" not in ended.content.decode()


def test_the_old_link_of_a_person_who_was_named_again_points_to_the_newer_mail(participant, client, address_of):
    """They take part: the page must not say the opposite."""
    path = address_of("registrations:my", participant)
    gone = withdraw_delegate(participant, version=1, by=make_staff(), now=NOW, reason="A mistake")
    make_participant(gone.delegation, email="ANA@example.org")

    ended = client.get(path)

    assert ended.status_code == 404
    assert "open the newest one" in text_without_tags(ended)


def test_a_link_from_before_a_change_of_address_does_not_reveal_whether_the_person_left(
    participant, client, address_of
):
    """The old address may have been a stranger's."""
    path, staff = address_of("registrations:my", participant), make_staff()
    details = make_details(name="Ana Paz", email="ana.paz@example.org")
    changed = edit_delegate(participant, details=details, version=1, by=staff, now=NOW)

    withdraw_delegate(changed, version=changed.version, by=staff, now=NOW, reason="Ill")

    assert client.get(path).status_code == 404


def test_the_page_of_a_person_who_left_takes_two_queries(participant, client, address_of, django_assert_num_queries):
    path = address_of("registrations:my", participant)
    withdraw_delegate(participant, version=1, by=make_staff(), now=NOW, reason="Ill")

    with django_assert_num_queries(2):
        client.get(path)


def test_a_join_link_opens_neither_the_page_nor_its_answers(participant, client, address_of):
    assert client.get(address_of("registrations:my", participant, scope=Scope.JOIN)).status_code == 404

    answered = client.post(address_of("registrations:answer", participant, 1, scope=Scope.JOIN), {"answer": "ACCEPTED"})

    assert answered.status_code == 404
    assert answers_of(participant) == [Partstat.NEEDS_ACTION, Partstat.NEEDS_ACTION]


@pytest.mark.parametrize(
    ("answer", "said"),
    [("ACCEPTED", "You said yes to"), ("TENTATIVE", "You said maybe to"), ("DECLINED", "You said no to")],
)
def test_an_answer_is_stored_and_shown(participant, client, address_of, answer, said):
    response = client.post(address_of("registrations:answer", participant, 2), {"answer": answer}, follow=True)

    assert response.redirect_chain == [(address_of("registrations:my", participant), 302)]
    assert f"{said} “Context and challenges 2”." in text_without_tags(response)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION, answer]
    assert response.content.decode().count('aria-pressed="true"') == 1


def test_clicking_an_answer_twenty_times_stores_one_answer(participant, client, address_of):
    for _press in range(20):
        client.post(address_of("registrations:answer", participant, 1), {"answer": "ACCEPTED"})

    assert answers_of(participant) == [Partstat.ACCEPTED, Partstat.NEEDS_ACTION]


@pytest.mark.parametrize("sent", [{}, {"answer": ""}, {"answer": "DELEGATED"}, {"answer": "NEEDS-ACTION"}])
def test_an_invalid_answer_is_refused(participant, client, address_of, sent):
    response = client.post(address_of("registrations:answer", participant, 1), sent, follow=True)

    assert "Please choose yes, maybe or no." in text_without_tags(response)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION, Partstat.NEEDS_ACTION]


def test_an_answer_to_a_past_session_is_refused_with_a_message(participant, client, address_of, clock):
    clock.move_to(FIRST_START + timedelta(hours=2))

    response = client.post(address_of("registrations:answer", participant, 1), {"answer": "ACCEPTED"}, follow=True)

    assert "This session is over; no answer is needed." in text_without_tags(response)
    assert answers_of(participant) == [Partstat.NEEDS_ACTION, Partstat.NEEDS_ACTION]


@pytest.mark.parametrize("number", [0, 3, 10**30])
def test_a_session_that_does_not_exist_takes_no_answer(participant, client, address_of, number):
    path = address_of("registrations:answer", participant, number)

    assert client.post(path, {"answer": "ACCEPTED"}).status_code == 404


def test_a_session_that_is_not_released_takes_no_answer(participant, client, address_of):
    other = make_session(participant.webinar, number=3, starts_at=FIRST_START + timedelta(days=2))

    assert client.post(address_of("registrations:answer", participant, 3), {"answer": "ACCEPTED"}).status_code == 404
    assert not CalendarEntry.objects.filter(session=other).exists()


def test_a_get_changes_nothing(participant, client, address_of):
    before = list(CalendarEntry.objects.order_by("pk").values()), list(Delegate.objects.values())

    for _time in range(2):
        client.get(address_of("registrations:my", participant))
        client.head(address_of("registrations:my", participant))
        client.get(address_of("registrations:answer", participant, 1))

    assert (list(CalendarEntry.objects.order_by("pk").values()), list(Delegate.objects.values())) == before


def test_each_person_sees_only_their_own_page(participant, client, address_of):
    colleague = make_participant(participant.delegation, name="Luis Mejía", language="en")
    delegation = make_delegation(participant.webinar, make_country("PA"), status=DelegationStatus.ACCEPTED)
    outsider = make_participant(delegation, name="Rosa Lima", language="en")

    for person in (colleague, outsider):
        text = text_without_tags(client.get(address_of("registrations:my", person)))
        assert (person.name in text, participant.name in text) == (True, False)


@pytest.mark.parametrize("people", [1, 1000])
def test_the_page_takes_four_queries_and_few_bytes_with_any_number_of_participants(
    participant, client, address_of, django_assert_num_queries, people
):
    entries = list(CalendarEntry.objects.all())
    for number in range(1, people):
        other = make_participant(participant.delegation, email=f"other{number}@example.org")
        for entry in entries:
            entry.pk, entry.delegate, entry.address = None, other, other.address
            entry.save(force_insert=True)

    with django_assert_num_queries(4):
        response = client.get(address_of("registrations:my", participant))

    assert len(response.content) <= 40_000


def test_a_get_of_an_answer_leads_to_the_page(participant, client, address_of):
    opened = client.get(address_of("registrations:answer", participant, 1))

    assert opened.status_code == 302
    assert opened.headers["Location"].startswith("/en/my/")
    assert client.get(opened.headers["Location"]).status_code == 200
