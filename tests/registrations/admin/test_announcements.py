"""Admin pages of announcements and gap reminders."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from time_machine import TimeMachineFixture

from registrations.admin.announcements import AnnouncementAdmin
from registrations.models import (
    Announcement,
    Delegation,
    Delivery,
    DeliveryKind,
    GapReminder,
    HistoryEvent,
    RegistrationPolicy,
    User,
)
from registrations.services.delivering.send import send_due
from tests.factories import (
    NOW,
    make_announcement,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_user,
    make_webinar,
)
from tests.registrations.services.deliveries import admitted, released_delegation

LIST = "/admin/registrations/announcement/"
ADD = f"{LIST}add/"
FORM_DATA = {
    "subject_en": "The room has moved",
    "subject_es": "La sala cambió",
    "text_en": "Dear *all*",
    "text_es": "Estimados *todos*",
    "readers": "delegates",
    "session": "",
    "answer": "",
}


@pytest.fixture(autouse=True)
def it_is_now(time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def honduras(db: None) -> Delegation:
    return released_delegation()


@pytest.fixture
def draft(honduras: Delegation, staff: User) -> Announcement:
    return make_announcement(honduras.webinar, by=staff)


def page_of(row: Announcement | GapReminder) -> str:
    return reverse(f"admin:registrations_{row._meta.model_name}_change", args=[row.pk])


def flash_messages(response: HttpResponse) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def page_text(response: HttpResponse) -> str:
    html = re.sub(r"<style.*?</style>|<[^>]+>", " ", response.content.decode(), flags=re.S)
    return " ".join(html.split())


# Writing ----------------------------------------------------------------------------------------


def test_a_draft_is_written_and_changed(secretariat: Client, staff: User, honduras: Delegation) -> None:
    written = secretariat.post(ADD, FORM_DATA | {"bodies": ["country-hn"], "profiles": ["prosecutors"]})

    announcement = Announcement.objects.get()
    assert written.headers["Location"] == page_of(announcement)
    assert (announcement.author, announcement.webinar) == (staff, honduras.webinar)
    assert announcement.audience["bodies"] == ["country-hn"]

    edit = reverse("admin:edit-announcement", args=[announcement.pk])
    assert 'value="country-hn" id="id_bodies_0" checked' in secretariat.get(edit).content.decode()
    secretariat.post(edit, FORM_DATA | {"subject_en": "Another room", "version": "1"})

    announcement.refresh_from_db()
    assert (announcement.subject_en, announcement.version) == ("Another room", 2)
    assert announcement.audience["bodies"] == []


def test_with_several_webinars_the_add_page_asks_for_the_webinar(secretariat: Client, honduras: Delegation) -> None:
    make_webinar("other", title_en="Another webinar")

    asked = secretariat.get(ADD)

    assert f'href="{ADD}?webinar=other"' in asked.content.decode()
    assert "Another webinar" in page_text(secretariat.get(f"{ADD}?webinar=other"))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"text_en": "<script>alert(1)</script>"}, "HTML cannot be used here"),
        ({"text_es": "[press](javascript:alert(1))"}, "A link may lead to a page"),
        ({"text_es": "![](https://example.org/a.png)"}, "Images cannot be used here."),
        ({"subject_en": "", "subject_es": ""}, "Please give it a subject."),
        ({"subject_en": "a\u2028b"}, "Line breaks and control characters cannot be used here."),
        ({"session": "1"}, "Please choose the answer to the session too."),
        ({"bodies": ["nowhere"]}, "nowhere is not one of the available choices"),
        ({"readers": "everyone"}, "everyone is not one of the available choices"),
    ],
)
def test_an_invalid_draft_is_shown_again_with_its_errors_and_what_was_typed(
    typed: dict[str, Any], said: str, secretariat: Client, honduras: Delegation
) -> None:
    answer = secretariat.post(ADD, FORM_DATA | {"text_en": "What I typed"} | typed)

    assert answer.status_code == 200
    assert said in page_text(answer)
    assert typed.get("text_en", "What I typed").replace("<", "&lt;").replace(">", "&gt;") in answer.content.decode()
    assert not Announcement.objects.exists()


def test_a_draft_that_somebody_else_changed_is_not_overwritten(secretariat: Client, draft: Announcement) -> None:
    edit = reverse("admin:edit-announcement", args=[draft.pk])
    Announcement.objects.update(subject_en="By another", version=2)

    refused = secretariat.post(edit, FORM_DATA | {"version": "1"})

    assert "Someone else has changed this meanwhile." in page_text(refused)
    assert Announcement.objects.get().subject_en == "By another"
    secretariat.post(edit, FORM_DATA | {"version": "2"})
    assert Announcement.objects.get().subject_en == "The room has moved"


# Looking, testing, sending ----------------------------------------------------------------------


def test_the_page_shows_count_names_and_the_preview_for_any_recipient(
    secretariat: Client, honduras: Delegation, draft: Announcement
) -> None:
    admitted(honduras, name="Ana")
    bea = admitted(honduras, name="Bea <b>")

    page = secretariat.get(f"{page_of(draft)}?reader=d{bea.pk}")
    frame = secretariat.get(f"{reverse('admin:announcement-mail', args=[draft.pk])}?reader=d{bea.pk}&language=es")

    assert "It would go to 2 people ." in page_text(page)
    assert "As Bea &lt;b&gt; would read it" in page_text(page)
    assert f"language=es&amp;reader=d{bea.pk}" in page.content.decode()
    assert "Bea &lt;b&gt;" in frame.content.decode()
    assert 'href="https://example.org/es"' in frame.content.decode()
    assert "sandbox" in frame.headers["Content-Security-Policy"]
    assert "script-src" not in frame.headers["Content-Security-Policy"]
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("key", ["d0", "u0", "x1", "d", "d" + "9" * 30, "d٣", "<script>"])
def test_an_unknown_recipient_key_is_not_found(key: str, secretariat: Client, draft: Announcement) -> None:
    answers = [secretariat.get(path, {"reader": key}) for path in (page_of(draft), f"{LIST}{draft.pk}/mail/")]

    assert [answer.status_code for answer in answers] == [404, 404]


def test_a_delegate_of_another_webinar_is_not_found_as_recipient(secretariat: Client, draft: Announcement) -> None:
    other = make_delegate(make_delegation(make_webinar("other"), make_country("PA")))

    assert secretariat.get(f"{LIST}{draft.pk}/mail/", {"reader": f"d{other.pk}"}).status_code == 404


def test_a_test_send_goes_to_the_user(secretariat: Client, staff: User, draft: Announcement) -> None:
    said = flash_messages(secretariat.post(reverse("admin:test-announcement", args=[draft.pk])))

    assert said == ["2 tests go to secretariat@example.org now."]
    assert set(Delivery.objects.values_list("kind", "email")) == {("test", staff.email)}


def test_an_announcement_is_sent_by_confirming_the_number_of_recipients(
    secretariat: Client, staff: User, honduras: Delegation, draft: Announcement
) -> None:
    admitted(honduras)
    shown = secretariat.get(page_of(draft)).content.decode()
    assert 'name="count" value="1"' in shown
    assert 'value="Send to 1 person"' in shown

    said = flash_messages(secretariat.post(page_of(draft), {"count": "1", "version": "1"}))

    assert said == ["It goes to 1 person now."]
    assert Delivery.objects.get().kind == DeliveryKind.ANNOUNCEMENT
    after = secretariat.get(page_of(draft))
    assert "Secretariat" in str(staff) or "secretariat@example.org confirmed 1 reader" in page_text(after)
    assert f"?announcement__id__exact={draft.pk}&amp;kind__exact=announcement&amp;state__exact=due" in (
        after.content.decode()
    )
    assert 'name="count"' not in after.content.decode()
    assert secretariat.get(reverse("admin:edit-announcement", args=[draft.pk])).status_code == 302
    listed = secretariat.get(
        reverse("admin:registrations_delivery_changelist"), {"announcement__id__exact": draft.pk, "state__exact": "due"}
    )
    assert listed.status_code == 200


def test_if_the_number_of_recipients_changed_nothing_is_sent_and_the_new_number_is_shown(
    secretariat: Client, honduras: Delegation, draft: Announcement
) -> None:
    admitted(honduras)
    admitted(honduras)

    refused = secretariat.post(page_of(draft), {"count": "1", "version": "1"})

    assert "The number of readers has changed meanwhile." in page_text(refused)
    assert 'name="count" value="2"' in refused.content.decode()
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("count", ["", "x", "-1", "9" * 40])
def test_an_invalid_number_of_recipients_sends_nothing(
    count: str, secretariat: Client, honduras: Delegation, draft: Announcement
) -> None:
    admitted(honduras)

    assert secretariat.post(page_of(draft), {"count": count, "version": "1"}).status_code == 200
    assert not Delivery.objects.exists()


def test_one_language_alone_cannot_be_sent(secretariat: Client, honduras: Delegation, draft: Announcement) -> None:
    admitted(honduras)
    Announcement.objects.update(text_es="")

    page = secretariat.get(page_of(draft))

    assert "Still missing before it can be sent: text (Spanish)." in page_text(page)
    assert "Send to 1 person" not in page.content.decode()
    assert "Subject and text are needed in both languages" in page_text(
        secretariat.post(page_of(draft), {"count": "1", "version": "1"})
    )


def test_unsent_mails_of_an_announcement_are_stopped_after_confirmation(
    secretariat: Client, honduras: Delegation, draft: Announcement
) -> None:
    admitted(honduras)
    secretariat.post(page_of(draft), {"count": "1", "version": "1"})
    stopping = reverse("admin:stop-announcement", args=[draft.pk])

    asked = secretariat.get(stopping)
    assert "1 mail has not been sent" in page_text(asked)
    assert Delivery.objects.get().state == "due"
    assert stopping in secretariat.get(page_of(draft)).content.decode()
    said = flash_messages(secretariat.post(stopping))

    assert said == ["It goes to 1 person now.", "1 delivery is stopped."][-len(said) :]
    assert Delivery.objects.get().state == "stopped"


def deletion_of(announcement: Announcement) -> str:
    return reverse("admin:registrations_announcement_delete", args=[announcement.pk])


def test_a_draft_is_deleted_after_confirmation(secretariat: Client, draft: Announcement) -> None:
    asked = secretariat.get(deletion_of(draft))
    assert "Nobody has been sent this announcement." in page_text(asked)
    assert deletion_of(draft) in secretariat.get(page_of(draft)).content.decode()
    assert Announcement.objects.exists()

    answer = secretariat.post(deletion_of(draft), {"version": "1"})

    assert answer.headers["Location"] == LIST
    assert flash_messages(answer) == [f"The draft “{draft}” is deleted."]
    assert not Announcement.objects.exists()


def test_deleting_a_draft_that_a_colleague_changed_needs_a_new_confirmation(
    secretariat: Client, draft: Announcement
) -> None:
    Announcement.objects.update(version=2)

    refused = secretariat.post(deletion_of(draft), {"version": "1"})

    assert "Someone else has changed this meanwhile" in page_text(refused)
    assert 'name="version" value="2"' in refused.content.decode()
    secretariat.post(deletion_of(draft), {"version": "2"})
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    ("page", "typed"),
    [
        ("edit/", FORM_DATA | {"version": "1"}),
        ("change/", {"count": "1", "version": "1", "is_confirmed": "on"}),
        ("test/", {}),
        ("delete/", {"version": "1"}),
    ],
    ids=["change it", "send it", "test it", "delete it"],
)
def test_acting_on_a_draft_that_a_colleague_deleted_says_so(
    page: str, typed: dict[str, str], secretariat: Client, draft: Announcement, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted(draft.webinar.delegations.get())
    found = AnnouncementAdmin._get_announcement  # noqa: SLF001 - ours

    def get_and_delete(room: AnnouncementAdmin, pk: int) -> Announcement:
        announcement = found(room, pk)
        Announcement.objects.all().delete()
        return announcement

    monkeypatch.setattr(AnnouncementAdmin, "_get_announcement", get_and_delete)

    answer = secretariat.post(f"{LIST}{draft.pk}/{page}", typed)

    said = "This draft has been deleted. Write another one instead."
    assert flash_messages(answer) == [said] if answer.status_code == 302 else said in page_text(answer)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_sent_announcement_is_not_deleted_and_its_page_says_why(
    secretariat: Client, honduras: Delegation, draft: Announcement, method: str
) -> None:
    admitted(honduras)
    secretariat.post(page_of(draft), {"count": "1", "version": "1"})

    answer = getattr(secretariat, method)(deletion_of(draft), {"version": "1"})

    assert answer.headers["Location"] == page_of(draft)
    assert flash_messages(answer)[-1] == "This announcement has been sent already. Write another one instead."
    assert deletion_of(draft) not in secretariat.get(page_of(draft)).content.decode()
    assert Delivery.objects.filter(kind="announcement").count() == 1


def test_the_page_takes_the_same_queries_with_one_recipient_as_with_many(
    secretariat: Client, honduras: Delegation, draft: Announcement
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert secretariat.get(page_of(draft)).status_code == 200
        return len(captured)

    admitted(honduras)
    with_one = queries()
    for _number in range(60):
        admitted(honduras)

    assert queries() == with_one
    assert "Page 1 of 2" in page_text(secretariat.get(page_of(draft)))
    assert "Page 2 of 2" in page_text(secretariat.get(page_of(draft), {"page": "99"}))


# Reminding --------------------------------------------------------------------------------------


@pytest.fixture
def country_with_gaps(honduras: Delegation) -> Delegation:
    """A delegation without people, with one focal point."""
    make_focal_point(honduras.body, make_user("focal@example.org", name="Focal", language="en"))
    return honduras


def gap_reminder_page(delegation: Delegation) -> str:
    return reverse("admin:write-gap-reminder", args=[delegation.webinar_id])


def test_the_page_shows_the_recipients_and_the_preview_of_a_gap_reminder(
    secretariat: Client, country_with_gaps: Delegation
) -> None:
    make_delegation(country_with_gaps.webinar, make_country("PA", name_en="Panama"))

    page = secretariat.get(gap_reminder_page(country_with_gaps))
    frame = secretariat.get(reverse("admin:gap-reminder-mail", args=[country_with_gaps.webinar_id]))

    assert "1 mail to a focal point, of 1 country." in page_text(page)
    assert "Focal (English)" in page_text(page)
    assert "none: nobody can be written to" in page_text(page)
    assert "Prosecutors: 0 of 2" in page_text(frame).replace("prosecutors", "Prosecutors")
    assert "Dear Focal," in page_text(frame)


def test_the_page_of_a_gap_reminder_takes_the_same_queries_with_one_country_as_with_many(
    secretariat: Client, country_with_gaps: Delegation
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert secretariat.get(gap_reminder_page(country_with_gaps)).status_code == 200
        return len(captured)

    with_one = queries()
    for code in ("PA", "SV", "GT", "MX", "CR", "BZ"):
        make_focal_point(make_delegation(country_with_gaps.webinar, make_country(code)).body)

    assert queries() == with_one
    assert "7 mails to focal points, of 7 countries." in page_text(
        secretariat.get(gap_reminder_page(country_with_gaps))
    )


def test_where_nobody_can_be_reminded_the_page_says_why(secretariat: Client, country_with_gaps: Delegation) -> None:
    RegistrationPolicy.objects.update(closes_at=NOW - timedelta(minutes=1))

    page = secretariat.get(gap_reminder_page(country_with_gaps))

    assert "Countries are reminded while registration is open" in page_text(page)
    assert "Send 1 mail" not in page_text(page) + page.content.decode()


def test_a_reminder_is_sent_by_confirming_the_number(
    secretariat: Client, staff: User, country_with_gaps: Delegation
) -> None:
    answer = secretariat.post(gap_reminder_page(country_with_gaps), {"delegation": country_with_gaps.pk, "count": "1"})

    gap_reminder = GapReminder.objects.get()
    assert answer.headers["Location"] == page_of(gap_reminder)
    assert flash_messages(answer) == ["1 mail goes out now."]
    assert "They concern 1 country. Waiting: 1" in page_text(secretariat.get(page_of(gap_reminder)))
    assert HistoryEvent.objects.get(kind="chased").actor == staff
    assert "Reminded of what is missing" in page_text(
        secretariat.get(reverse("admin:registrations_delegation_change", args=[country_with_gaps.pk]))
    )


def test_a_second_gap_reminder_within_a_day_needs_a_checkbox(
    secretariat: Client, country_with_gaps: Delegation
) -> None:
    typed = {"delegation": country_with_gaps.pk, "count": "1"}
    secretariat.post(gap_reminder_page(country_with_gaps), typed)

    refused = secretariat.post(gap_reminder_page(country_with_gaps), typed)
    assert "Some of these countries were told within the last day." in page_text(refused)
    assert 'type="checkbox" name="again"' in refused.content.decode()
    assert GapReminder.objects.count() == 1
    secretariat.post(gap_reminder_page(country_with_gaps), typed | {"again": "on"})

    assert GapReminder.objects.count() == 2


def test_unsent_mails_of_a_gap_reminder_are_stopped_after_confirmation(
    secretariat: Client, staff: User, country_with_gaps: Delegation
) -> None:
    make_focal_point(country_with_gaps.body, make_user("second@example.org"))
    secretariat.post(gap_reminder_page(country_with_gaps), {"delegation": country_with_gaps.pk, "count": "2"})
    gap_reminder = GapReminder.objects.get()
    Delivery.objects.filter(email="second@example.org").update(state="sent", sent_at=NOW)
    stopping = reverse("admin:stop-gap-reminder", args=[gap_reminder.pk])

    assert stopping in secretariat.get(page_of(gap_reminder)).content.decode()
    assert "1 mail has not been sent" in page_text(secretariat.get(stopping))
    answer = secretariat.post(stopping)

    assert answer.headers["Location"] == page_of(gap_reminder)
    assert flash_messages(answer)[-1] == "1 delivery is stopped."
    assert dict(Delivery.objects.filter(kind="gap_notice").values_list("email", "state")) == {
        "focal@example.org": "stopped", "second@example.org": "sent"
    }  # fmt: skip
    event = HistoryEvent.objects.get(kind="mail_stopped")
    assert (event.actor, event.delegation) == (staff, country_with_gaps)
    assert stopping not in secretariat.get(page_of(gap_reminder)).content.decode()


def test_only_the_selected_countries_are_reminded(secretariat: Client, country_with_gaps: Delegation) -> None:
    panama = make_delegation(country_with_gaps.webinar, make_country("PA", name_en="Panama"))
    make_focal_point(panama.body, make_user("panama@example.org"))

    page = secretariat.get(gap_reminder_page(country_with_gaps), {"delegation": panama.pk})
    secretariat.post(gap_reminder_page(country_with_gaps), {"delegation": panama.pk, "count": "1"})

    assert "1 mail to a focal point, of 1 country." in page_text(page)
    assert list(Delivery.objects.filter(kind="gap_notice").values_list("email", flat=True)) == ["panama@example.org"]


@pytest.fixture
def seven_delegations(country_with_gaps: Delegation) -> list[Delegation]:
    """Seven delegations without people, with one focal point each; the first is `country_with_gaps`."""
    others = [
        make_delegation(country_with_gaps.webinar, make_country(code)) for code in ("PA", "SV", "GT", "MX", "CR", "BZ")
    ]
    for one in others:
        make_focal_point(one.body, make_user(f"{one.body.iso_code.lower()}@example.org"))
    return [country_with_gaps, *others]


def checked_delegations(response: HttpResponse) -> set[str]:
    return set(re.findall(r'name="delegation" value="(\d+)" checked', response.content.decode()))


def reminded_addresses() -> list[str]:
    return list(Delivery.objects.filter(kind="gap_notice").order_by("email").values_list("email", flat=True))


def test_a_changed_selection_is_counted_again_before_it_is_sent_and_nobody_else_is_reminded(
    secretariat: Client, seven_delegations: list[Delegation]
) -> None:
    panama = seven_delegations[1]
    shown = secretariat.get(gap_reminder_page(panama))
    assert "7 mails to focal points, of 7 countries." in page_text(shown)

    # Six are unticked, and the form that still says seven is submitted.
    counted = secretariat.post(gap_reminder_page(panama), {"delegation": panama.pk, "count": "7"})
    assert reminded_addresses() == []
    assert "It would now be 1 mail, and not the number that was shown." in page_text(counted)
    assert "1 mail to a focal point, of 1 country." in page_text(counted)
    assert checked_delegations(counted) == {str(panama.pk)}
    answer = secretariat.post(gap_reminder_page(panama), {"delegation": panama.pk, "count": "1"})

    assert flash_messages(answer) == ["1 mail goes out now."]
    assert reminded_addresses() == ["pa@example.org"]


def test_the_checkboxes_are_in_the_form_that_sends_and_in_no_other(
    secretariat: Client, seven_delegations: list[Delegation]
) -> None:
    page = secretariat.get(gap_reminder_page(seven_delegations[0])).content.decode()

    sending = next(form for form in page.split("<form")[1:] if "Send 7 mails" in form).partition("</form>")[0]
    assert {str(one.pk) for one in seven_delegations} == set(
        re.findall(r'type="checkbox" name="delegation" value="(\d+)"', sending)
    )
    assert page.count('name="delegation"') == len(seven_delegations)


def test_updating_the_count_of_the_selection_sends_nothing(
    secretariat: Client, seven_delegations: list[Delegation]
) -> None:
    two = [one.pk for one in seven_delegations[:2]]

    page = secretariat.post(gap_reminder_page(seven_delegations[0]), {"delegation": two, "count": "2", "show": "1"})

    assert "2 mails to focal points, of 2 countries." in page_text(page)
    assert checked_delegations(page) == set(map(str, two))
    assert "error" not in page_text(page)
    assert reminded_addresses() == []


@pytest.mark.parametrize("pressed", [{"show": "1"}, {"count": "7"}])
def test_an_empty_selection_reminds_nobody(
    pressed: dict[str, str], secretariat: Client, seven_delegations: list[Delegation]
) -> None:
    page = secretariat.post(gap_reminder_page(seven_delegations[0]), pressed)

    assert "0 mails to focal points, of 0 countries." in page_text(page)
    assert ("Please choose at least one country." in page_text(page)) is ("count" in pressed)
    assert checked_delegations(page) == set()
    assert reminded_addresses() == []


def test_a_test_send_keeps_the_selection(secretariat: Client, seven_delegations: list[Delegation]) -> None:
    testing = reverse("admin:test-gap-reminder", args=[seven_delegations[0].webinar_id])

    with_two = secretariat.post(testing, {"delegation": [one.pk for one in seven_delegations[:2]]}, follow=True)
    with_none = secretariat.post(testing, {}, follow=True)

    assert checked_delegations(with_two) == {str(one.pk) for one in seven_delegations[:2]}
    assert checked_delegations(with_none) == set()


def test_a_selected_country_that_became_complete_meanwhile_is_named(
    secretariat: Client, seven_delegations: list[Delegation]
) -> None:
    panama, salvador = seven_delegations[1:3]
    Delegation.objects.filter(pk=panama.pk).update(status="submitted")

    page = secretariat.post(gap_reminder_page(panama), {"delegation": [panama.pk, salvador.pk], "count": "1"})

    assert "Some of these countries lack nothing by now, wait for a decision or do not attend." in page_text(page)
    assert f"Not reminded, since they lack nothing, wait for a decision or do not attend: {panama.body}." in page_text(
        page
    )
    assert "1 mail to a focal point, of 1 country." in page_text(page)
    assert checked_delegations(page) == {str(salvador.pk)}
    assert reminded_addresses() == []


def test_the_last_country_that_became_complete_is_named_too(secretariat: Client, country_with_gaps: Delegation) -> None:
    Delegation.objects.update(status="submitted")

    page = secretariat.post(gap_reminder_page(country_with_gaps), {"delegation": country_with_gaps.pk, "count": "1"})

    assert "Not reminded, since they lack nothing, wait for a decision or do not attend: Country HN." in page_text(page)
    assert "No country lacks anything that it could add now." in page_text(page)


def test_a_gap_that_closed_meanwhile_changes_the_count_and_sends_nothing(
    secretariat: Client, country_with_gaps: Delegation
) -> None:
    Delegation.objects.update(status="submitted")

    secretariat.post(gap_reminder_page(country_with_gaps), {"delegation": country_with_gaps.pk, "count": "1"})

    assert not GapReminder.objects.exists()


def test_the_test_send_of_a_gap_reminder_goes_to_the_user(secretariat: Client, country_with_gaps: Delegation) -> None:
    answer = secretariat.post(
        reverse("admin:test-gap-reminder", args=[country_with_gaps.webinar_id]), {"delegation": country_with_gaps.pk}
    )

    assert flash_messages(answer) == ["2 tests go to secretariat@example.org now."]
    assert answer.headers["Location"] == f"{gap_reminder_page(country_with_gaps)}?delegation={country_with_gaps.pk}"
    send_due(clock=lambda: timezone.now() + timedelta(minutes=1))
    assert set(Delivery.objects.filter(kind="test").values_list("state", flat=True)) == {"sent"}


def test_the_bulk_action_of_the_list_opens_a_gap_reminder_for_the_selected_delegations(
    secretariat: Client, country_with_gaps: Delegation
) -> None:
    listed = reverse("admin:registrations_delegation_changelist")

    answer = secretariat.post(listed, {"action": "remind", "_selected_action": [country_with_gaps.pk]})

    assert answer.headers["Location"] == f"{gap_reminder_page(country_with_gaps)}?delegation={country_with_gaps.pk}"
    assert (
        gap_reminder_page(country_with_gaps)
        in secretariat.get(f"/admin/quota-board/{country_with_gaps.webinar.slug}/").content.decode()
    )
