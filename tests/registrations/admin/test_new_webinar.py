"""The secretariat sets up a webinar on one page, from nothing or from an earlier one."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registrations.models import ParticipantProfile, ParticipatingBody, Quota, RegistrationPolicy, ReminderRule
from sessions_app.agenda import agenda_from_rows
from sessions_app.models import AgendaItem, Session, Webinar
from sessions_app.webinar_names import load_name
from tests.factories import (
    make_country,
    make_delegate,
    make_delegation,
    make_organisation,
    make_profiles,
    make_quotas,
    make_speaker,
    make_webinar,
)

URL = "/admin/webinars/new/"
ZONE = "America/Costa_Rica"


@pytest.fixture
def countries(db: None) -> list[ParticipatingBody]:
    make_profiles()
    make_organisation()
    return [make_country(code) for code in ("HN", "GT", "PA")]


def rows(**fields: str) -> dict[str, str]:
    """The management form, and rows of sessions and profiles as the empty page has them."""
    profiles = list(ParticipantProfile.objects.all())
    data = {f"sessions-{name}_FORMS": number for name, number in (("TOTAL", "12"), ("INITIAL", "12"))}
    data |= {"quotas-TOTAL_FORMS": str(len(profiles) + 2), "quotas-INITIAL_FORMS": str(len(profiles) + 2)}
    for number, profile in enumerate(profiles):
        data |= {f"quotas-{number}-profile": str(profile.pk), f"quotas-{number}-is_asked": "on"}
        data |= {f"quotas-{number}-minimum": "2"}
    return data | fields


def session(number: int, day: str, begins: str = "09:00", minutes: str = "120") -> dict[str, str]:
    return {f"sessions-{number}-day": day, f"sessions-{number}-begins": begins, f"sessions-{number}-minutes": minutes}


def form_data(**fields: str) -> dict[str, Any]:
    bodies = ParticipatingBody.objects.filter(kind="country").values_list("pk", flat=True)
    return {
        "title_en": "Financial investigation",
        "title_es": "Investigación financiera",
        "timezone": ZONE,
        "contact_email": "secretariat@example.org",
        "bodies": [str(pk) for pk in bodies],
        "opens_at": "2027-02-01T08:00",
        "closes_at": "2027-04-09T17:00",
        "wants_reminders": "on",
        "wants_gap_notices": "on",
        **rows(**session(0, "2027-04-21"), **session(1, "2027-04-22")),
        **fields,
    }


def errors(response: Any) -> dict[str, list[str]]:
    """The errors of the page by the name of the input, those of rows with their prefix."""
    forms = [response.context["form"], *response.context["sessions"], *response.context["quotas"]]
    return {form.add_prefix(name): texts for form in forms for name, texts in form.errors.items()}


def everything() -> tuple[int, ...]:
    models = (Webinar, Session, Quota, RegistrationPolicy, ReminderRule, ParticipantProfile)
    return tuple(model.objects.count() for model in models)


def titles_of_items(webinar: Webinar) -> list[str]:
    items = AgendaItem.objects.filter(session__webinar=webinar).order_by("session__number", "position")
    return list(items.values_list("title_en", flat=True))


def test_a_webinar_is_set_up_on_one_page(secretariat: Client, countries: list[ParticipatingBody]) -> None:
    response = secretariat.post(URL, form_data(requires_letter="on", waits_for_decision="on"))

    webinar = Webinar.objects.get(slug="financial-investigation")
    assert response.headers["Location"] == reverse("admin:webinar-home", args=[webinar.slug])
    assert [(one.number, one.starts_at, one.duration_minutes, one.title_en) for one in webinar.sessions.all()] == [
        (1, datetime(2027, 4, 21, 15, tzinfo=UTC), 120, "Session 1"),
        (2, datetime(2027, 4, 22, 15, tzinfo=UTC), 120, "Session 2"),
    ]
    policy = webinar.policy
    assert (policy.opens_at, policy.closes_at) == (
        datetime(2027, 2, 1, 14, tzinfo=UTC),
        datetime(2027, 4, 9, 23, tzinfo=UTC),
    )
    assert (policy.purge_on, policy.requires_letter, policy.accepts_complete_at_once) == (
        date(2027, 7, 21),
        True,
        False,
    )
    assert set(webinar.delegations.values_list("body", "status")) == {(body.pk, "draft") for body in countries}
    assert list(webinar.quotas.values_list("minimum", "maximum")) == [(2, None)] * 4
    assert (webinar.reminder_rules.count(), webinar.gap_notice_rules.count()) == (3, 2)
    assert (webinar.releases.count(), LogEntry.objects.get().object_repr) == (0, "Financial investigation")


def test_sessions_are_numbered_by_date_and_rows_without_a_day_are_left_aside(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    secretariat.post(URL, form_data(**session(5, "2027-04-20", "10:30", "90")))

    found = Session.objects.order_by("number").values_list("starts_at__day", "duration_minutes")
    assert list(found) == [(20, 90), (21, 120), (22, 120)]


def test_a_new_profile_is_typed_in_place_and_others_are_left_out(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    data = form_data(**{"quotas-4-name_en": "Financial intelligence units", "quotas-4-name_es": "Análisis financiero"})
    data |= {"quotas-4-minimum": "1", "quotas-4-maximum": "3"}
    del data["quotas-0-is_asked"]

    secretariat.post(URL, data)

    new = ParticipantProfile.objects.get(code="financial-intelligence-units")
    asked = Quota.objects.order_by("profile__position").values_list("profile__code", "minimum", "maximum")
    assert (new.name_es, len(asked)) == ("Análisis financiero", 4)
    assert asked[3] == ("financial-intelligence-units", 1, 3)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"slug": "flows"}, "slug"),
    ({"slug": "new"}, "slug"),
    ({"title_en": ""}, "title_en"),
    ({"timezone": "America/Atlantis"}, "timezone"),
    ({"contact_email": "nobody"}, "contact_email"),
    ({"bodies": []}, "bodies"),
    ({"bodies": ["999"]}, "bodies"),
    ({"opens_at": "2027-04-10T08:00"}, "closes_at"),
    ({"closes_at": "2027-04-22T23:00"}, "closes_at"),
    ({"closes_at": ""}, "closes_at"),
    ({"purge_on": "2027-04-22"}, "purge_on"),
    ({"purge_on": "9999-04-22"}, "purge_on"),
    (session(0, "") | session(1, "") | {"sessions-0-begins": "", "sessions-1-begins": ""}, "__all__"),
    (session(1, "2027-04-21", "10:30"), "sessions-1-__all__"),
    (session(1, "", "10:30"), "sessions-1-day"),
    (session(1, "2027-04-22", ""), "sessions-1-begins"),
    (session(1, "2027-04-22", "25:00"), "sessions-1-begins"),
    (session(1, "2027-04-22", "09:00", ""), "sessions-1-minutes"),
    (session(1, "2027-04-22", "09:00", "-5"), "sessions-1-minutes"),
    (session(1, "2027-04-22", "09:00", "9" * 30), "sessions-1-minutes"),
    ({"sessions-1-source": "999"}, "sessions-1-source"),
    ({"quotas-0-maximum": "1"}, "quotas-0-maximum"),
    ({"quotas-0-minimum": ""}, "quotas-0-minimum"),
    ({"quotas-4-name_es": "Análisis", "quotas-4-minimum": "1"}, "quotas-4-name_en"),
    ({"quotas-4-name_en": "Prosecutors", "quotas-4-minimum": "1"}, "quotas-4-name_en"),
    ({"quotas-4-name_en": "…", "quotas-4-minimum": "1"}, "quotas-4-__all__"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_wrong_input_is_told_beside_its_field_and_nothing_is_made(
    secretariat: Client, countries: list[ParticipatingBody], wrong: dict[str, Any], field: str
) -> None:
    make_webinar()
    before = everything()

    response = secretariat.post(URL, form_data(**wrong))

    assert response.status_code == 200
    assert list(errors(response)) == [field]
    assert everything() == before
    assert 'value="Investigación financiera"' in response.content.decode()


def test_registration_cannot_open_while_nobody_is_asked_for(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    data = {key: value for key, value in form_data().items() if not key.endswith("-is_asked")}

    response = secretariat.post(URL, data)

    assert "Registration cannot open while nobody is asked for. Tick a profile." in response.content.decode()
    assert not Webinar.objects.exists()


def test_a_form_that_is_sent_twice_makes_one_webinar(secretariat: Client, countries: list[ParticipatingBody]) -> None:
    secretariat.post(URL, form_data())

    again = secretariat.post(URL, form_data())

    assert list(errors(again)) == ["slug"]
    assert Webinar.objects.count() == 1


def test_an_hour_that_the_clocks_skip_is_refused(secretariat: Client, countries: list[ParticipatingBody]) -> None:
    response = secretariat.post(URL, form_data(timezone="America/New_York", **session(0, "2027-03-14", "02:30")))

    assert list(errors(response)) == ["sessions-0-begins"]


def test_the_page_is_filled_in_from_an_earlier_webinar_and_takes_over_its_agenda(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    earlier = make_webinar()
    make_quotas(earlier, maximum=3)
    earlier.sessions.get(number=1).items.create(position=99, minutes=30, kind="panel", title_en="Panel")
    Session.objects.update(room_url="https://rooms.example.org/1")
    make_delegate(make_delegation(earlier, countries[0]))
    page = secretariat.get(URL, {"from": earlier.slug}).context
    shown = {form.add_prefix(name): form[name].value() for form in page["sessions"] for name in form.fields}
    sources = {f"sessions-{number}-source": str(shown[f"sessions-{number}-source"]) for number in (0, 1)}

    secretariat.post(f"{URL}?from={earlier.slug}", form_data(title_en="Flows II", **sources))

    webinar = Webinar.objects.get(slug="flows-ii")
    assert (page["form"]["title_en"].value(), page["form"]["slug"].value()) == (earlier.title_en, None)
    assert shown["sessions-0-day"] is None
    assert page["form"].initial["bodies"] == [countries[0]]
    assert titles_of_items(webinar) == titles_of_items(earlier)
    assert titles_of_items(webinar)
    assert set(webinar.sessions.values_list("room_url", flat=True)) == {""}
    assert not webinar.delegations.filter(delegates__isnull=False).exists()


def test_a_webinar_from_an_earlier_one_has_its_organisers_languages_and_short_texts(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    earlier = make_webinar()
    earlier.sessions.update(floor_languages=["es"], interpretation_languages=["en"])
    earlier.organisers.create(name_en="Sample Office", name_es="Oficina de muestra", url="https://example.org")
    make_speaker(earlier, "Speaker One", about_en="Judge")
    sources = {f"sessions-{number}-source": str(earlier.sessions.get(number=number + 1).pk) for number in (0, 1)}

    secretariat.post(f"{URL}?from={earlier.slug}", form_data(title_en="Flows II", **sources))

    old, new = agenda_from_rows(earlier), agenda_from_rows(Webinar.objects.get(slug="flows-ii"))
    assert new.organisers == old.organisers != ()
    assert [(each.floor_languages, each.interpretation_languages) for each in new.sessions] == [(("es",), ("en",))] * 2
    assert [speaker.about.en for speaker in new.sessions[0].entries[1].speakers] == ["Judge"]


@pytest.mark.parametrize(
    ("typed", "stored"), [({}, 15), ({"minimum_stay_minutes": ""}, 15), ({"minimum_stay_minutes": "0"}, 0)]
)
def test_the_minimum_stay_is_15_minutes_unless_another_is_given(
    secretariat: Client, countries: list[ParticipatingBody], typed: dict[str, str], stored: int
) -> None:
    shown = secretariat.get(URL).context["form"]["minimum_stay_minutes"].value()

    secretariat.post(URL, form_data(**typed))

    assert (shown, RegistrationPolicy.objects.get().minimum_stay_minutes) == (15, stored)


@pytest.mark.parametrize("typed", ["601", "-1", "fifteen"])
def test_a_minimum_stay_is_between_0_and_600_minutes(
    secretariat: Client, countries: list[ParticipatingBody], typed: str
) -> None:
    response = secretariat.post(URL, form_data(minimum_stay_minutes=typed))

    assert list(errors(response)) == ["minimum_stay_minutes"]
    assert not Webinar.objects.exists()


def test_the_minimum_stay_comes_from_the_earlier_webinar(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    RegistrationPolicy.objects.filter(webinar=make_webinar()).update(minimum_stay_minutes=40)

    assert secretariat.get(URL, {"from": "flows"}).context["form"]["minimum_stay_minutes"].value() == 40


def test_a_webinar_from_an_earlier_one_needs_another_title(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    earlier = make_webinar()

    response = secretariat.post(f"{URL}?from={earlier.slug}", form_data(title_en=earlier.title_en, slug="other"))

    assert errors(response) == {"title_en": ["Give it another title than the earlier one has: lists show both."]}


def test_a_session_at_the_time_of_another_webinar_is_warned_of(
    secretariat: Client, countries: list[ParticipatingBody]
) -> None:
    other = make_webinar()
    start = other.sessions.get(number=1).starts_at

    response = secretariat.post(
        URL,
        form_data(
            timezone="UTC",
            opens_at="2026-01-01T08:00",
            closes_at="2026-01-02T08:00",
            **session(2, f"{start:%Y-%m-%d}", f"{start:%H:%M}"),
        ),
        follow=True,
    )

    assert f"“{load_name(other, now=timezone.now())}” takes place at the same time." in response.content.decode()


def test_the_page_needs_the_same_queries_with_many_webinars(
    secretariat: Client, countries: list[ParticipatingBody], django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        make_webinar(f"webinar-{number}")
    secretariat.get(URL)

    with django_assert_max_num_queries(12):
        secretariat.get(URL)
