"""Mail that only a person can deal with: its list, its page, and the note on the page of a country."""

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client
from time_machine import TimeMachineFixture

from registrations.models import CallNote, Delegation, MailForAPerson, User
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_mail_for_a_person,
    make_observer,
    make_webinar,
)

LIST = "/admin/registrations/mailforaperson/"


@pytest.fixture(autouse=True)
def clock(db: None, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def honduras() -> Delegation:
    return make_delegation(make_webinar(), make_country("HN", name_en="Honduras"))


def page_of(mail: MailForAPerson) -> str:
    return f"{LIST}{mail.pk}/change/"


def listed(client: Client, query: str = "") -> list[MailForAPerson]:
    return list(client.get(f"{LIST}{query}").context["cl"].result_list)


def told(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_the_list_has_at_first_what_waits(secretariat: Client, staff: User) -> None:
    waiting, done = make_mail_for_a_person(), make_mail_for_a_person(dealt_with_at=NOW, dealt_with_by=staff)

    assert listed(secretariat) == [waiting]
    assert listed(secretariat, "?dealt_with=yes") == [done]
    assert listed(secretariat, "?dealt_with=all") == [done, waiting]


def test_many_are_marked_as_dealt_with_at_once(secretariat: Client, staff: User) -> None:
    mails = [make_mail_for_a_person() for _number in range(3)]

    chosen = {"action": "mark", "_selected_action": [mail.pk for mail in mails]}
    said = [told(secretariat.post(LIST, chosen)), told(secretariat.post(f"{LIST}?dealt_with=yes", chosen))]

    assert [one[-1] for one in said] == ["3 mails are marked as dealt with.", "All of it was dealt with before."]
    assert set(MailForAPerson.objects.values_list("dealt_with_by", "dealt_with_at")) == {(staff.pk, NOW)}


def test_one_is_marked_on_its_page(secretariat: Client) -> None:
    mail = make_mail_for_a_person()
    address = f"{LIST}{mail.pk}/dealt-with/"

    assert (secretariat.get(address).status_code, MailForAPerson.objects.open().count()) == (302, 1)
    secretariat.post(address)

    assert not MailForAPerson.objects.open().exists()
    assert "has dealt with it:" in secretariat.get(page_of(mail)).text


def test_the_page_says_who_wrote_and_where_it_is_answered(secretariat: Client, honduras: Delegation) -> None:
    person = make_delegate(honduras, name="Ana Paz")
    known = make_mail_for_a_person(delegate=person, excerpt="Good <b>morning</b>,\nhttps://example.org")
    account = make_mail_for_a_person(user=make_focal_point(honduras.body).user)
    unknown = make_mail_for_a_person()

    pages = [" ".join(secretariat.get(page_of(mail)).text.split()) for mail in (known, account, unknown)]

    assert "Ana Paz</a>, Honduras" in pages[0]
    assert "Good &lt;b&gt;morning&lt;/b&gt;,<br>https://example.org</blockquote>" in pages[0]
    assert ", Honduras" in pages[1]
    assert 'Olga Ruiz <span class="quiet">(unknown)</span>' in pages[2]
    assert all("The whole mail is in the mailbox, and is answered there." in page for page in pages)


def test_a_bounce_without_proof_names_a_guess(secretariat: Client, honduras: Delegation) -> None:
    person = make_delegate(honduras, name="Ana Paz")
    mail = make_mail_for_a_person(reason="unknown_bounce", delegate=person, excerpt="")

    page = secretariat.get(page_of(mail)).text

    assert "perhaps to Ana Paz, Honduras (a guess)" in page
    assert "nothing proves which message came back" in page


def test_a_note_about_a_known_person_is_kept_with_their_delegation(
    secretariat: Client, staff: User, honduras: Delegation
) -> None:
    make_delegation(honduras.webinar, make_country("PA"))
    mail = make_mail_for_a_person(delegate=make_delegate(honduras))

    form = secretariat.get(page_of(mail)).context["form"]
    answer = secretariat.post(page_of(mail), {name: form[name].value() or "" for name in form.fields})

    assert answer["Location"] == f"/admin/countries/{honduras.body.slug}/"
    (note,) = CallNote.objects.all()
    assert (note.delegation, note.written_by, note.written_at) == (honduras, staff, NOW)
    assert note.text.splitlines() == [
        "Mail from Olga Ruiz of Mon 26 Oct 2026, 15:00: Can I bring a colleague?",
        "Good morning,",
        "may a colleague listen in?",
    ]
    assert [key for key, _label in form.fields["delegation"].choices] == [str(honduras.pk)]
    mail.refresh_from_db()
    assert (mail.dealt_with_by, mail.dealt_with_at) == (staff, NOW)


def test_for_an_unknown_person_a_delegation_is_chosen(secretariat: Client, honduras: Delegation) -> None:
    panama = make_delegation(honduras.webinar, make_country("PA", name_en="Panama"))
    mail = make_mail_for_a_person()

    form = secretariat.get(page_of(mail)).context["form"]
    refused = secretariat.post(page_of(mail), {"text": "", "delegation": ""})
    secretariat.post(page_of(mail), {"text": "She asks for a colleague.", "delegation": panama.pk})

    assert [key for key, _label in form.fields["delegation"].choices] == [str(honduras.pk), str(panama.pk)]
    assert set(refused.context["form"].errors) == {"text", "delegation"}
    assert [(note.delegation, note.text) for note in CallNote.objects.all()] == [(panama, "She asks for a colleague.")]


def test_nobody_adds_deletes_or_observes(client: Client, secretariat: Client) -> None:
    mail = make_mail_for_a_person()

    statuses = [secretariat.get(f"{LIST}add/").status_code, secretariat.post(f"{LIST}{mail.pk}/delete/").status_code]
    client.force_login(make_observer())
    statuses += [client.get(LIST).status_code, client.get(page_of(mail)).status_code]

    assert statuses == [403, 403, 403, 403]
