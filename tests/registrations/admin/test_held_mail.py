import pytest
from django.urls import reverse
from django.utils import timezone

from registrations.models import Delegate, Delegation, HistoryEvent, HistoryKind
from registrations.queries.today import today
from tests.factories import NOW, make_country, make_delegate, make_delegation, make_observer, make_quotas, make_webinar
from tests.registrations.views.delegation_pages import draft_at_present

pytestmark = pytest.mark.django_db


@pytest.fixture
def delegation() -> Delegation:
    webinar = make_webinar()
    make_quotas(webinar)
    delegation = make_delegation(webinar, make_country("HN"), status="accepted")
    make_delegate(delegation, admitted_at=NOW)
    for number in range(2):
        make_delegate(delegation, admitted_at=NOW, mail_held_at=NOW, email=f"held{number}@example.org")
    return delegation


def page_of(delegation: Delegation) -> str:
    return reverse("admin:registrations_delegation_change", args=[delegation.pk])


def release_of(delegation: Delegation) -> str:
    return reverse("admin:release-mail-delegation", args=[delegation.pk])


def test_the_dashboard_lists_the_delegations_with_held_mail(secretariat) -> None:
    delegation = draft_at_present()
    make_delegate(delegation, mail_held_at=NOW)
    make_delegate(delegation, mail_held_at=NOW, status="withdrawn", withdrawn_at=NOW)
    make_delegate(make_delegation(delegation.webinar, make_country("PA")))

    (held,) = today(now=timezone.now()).held
    answer = secretariat.get(reverse("admin:index"))

    assert (held, held.held_count) == (delegation, 1)
    assert release_of(delegation) in answer.content.decode()


def test_the_page_of_the_delegation_names_the_people_with_held_mail_and_releases_it(delegation, secretariat) -> None:
    before = secretariat.get(page_of(delegation)).content.decode()
    after = secretariat.post(release_of(delegation), follow=True)

    assert "The mail of 2 people is held until the secretariat releases it." in before
    assert before.count("mail is held") == 2
    assert after.redirect_chain == [(page_of(delegation), 302)]
    assert "The mail of 2 people is released." in after.content.decode()
    assert not Delegate.objects.with_held_mail().exists()
    event = HistoryEvent.objects.get(kind=HistoryKind.MAIL_RELEASED)
    assert (event.delegation, event.actor.email) == (delegation, "secretariat@example.org")
    assert today(now=NOW).held == []


def test_a_get_releases_nothing_and_observers_are_refused(delegation, secretariat, client) -> None:
    secretariat.get(release_of(delegation))
    client.force_login(make_observer())

    assert client.post(release_of(delegation)).status_code == 403
    assert Delegate.objects.with_held_mail().count() == 2


def test_the_page_of_the_focal_point_says_that_mail_is_held(delegation, secretariat) -> None:
    text = secretariat.get(delegation.get_absolute_url()).content.decode()

    assert "The mail of 2 people is held until the secretariat releases it." in text
    assert text.count("mail held until the secretariat releases it") == 2


def test_held_mail_is_not_shown_for_a_delegation_that_does_not_attend(delegation, secretariat) -> None:
    Delegation.objects.update(status="not_attending", status_before="accepted", not_attending_reason="Elections")

    pages = [secretariat.get(url).content.decode() for url in (delegation.get_absolute_url(), page_of(delegation))]

    assert [page for page in pages if "is held until the secretariat" in page] == []
    assert today(now=NOW).held == []


def test_the_page_of_a_person_says_that_their_mail_is_held(delegation, secretariat) -> None:
    person = Delegate.objects.with_held_mail().first()

    page = secretariat.get(reverse("admin:registrations_delegate_change", args=[person.pk])).content.decode()

    assert "mail is held" in page
