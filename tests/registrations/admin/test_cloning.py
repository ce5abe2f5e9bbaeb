from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sessions_app.models import Session, Webinar
from tests.factories import make_quotas, make_webinar


@pytest.fixture
def webinar(db: None) -> Webinar:
    webinar = make_webinar()
    make_quotas(webinar)
    return webinar


URL = "/admin/clone-webinar/flows/"


def form_data(**fields: str) -> dict[str, str]:
    day = timezone.localdate() + timedelta(days=400)
    return {"starts_on": f"{day}", "title_en": "Next", "title_es": "Próximo", "slug": "next", **fields}


def errors(response: Any) -> list[str]:
    return list(response.context["form"].errors)


def test_a_webinar_is_cloned_from_its_page(secretariat: Client, webinar: Webinar) -> None:
    change = reverse("admin:sessions_app_webinar_change", args=[webinar.pk])

    link = URL in secretariat.get(change).content.decode()
    response = secretariat.post(URL, form_data())

    clone = Webinar.objects.get(slug="next")
    assert link
    assert response.headers["Location"] == reverse("admin:sessions_app_webinar_change", args=[clone.pk])
    assert (clone.sessions.count(), clone.quotas.count()) == (2, 4)
    assert LogEntry.objects.get().change_message == "From “Mass intra-regional flows” (flows)"


def test_a_free_slug_and_the_titles_are_proposed(secretariat: Client, webinar: Webinar) -> None:
    make_webinar("flows-2")

    form = secretariat.get(URL).context["form"]

    assert [form[name].value() for name in ("slug", "title_en", "starts_on")] == [
        "flows-3",
        "Mass intra-regional flows",
        None,
    ]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"slug": "flows"}, "slug"),
        ({"slug": "two words"}, "slug"),
        ({"starts_on": "2020-01-01"}, "starts_on"),
        ({"starts_on": "9999-12-31"}, "starts_on"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"title_en": ""}, "title_en"),
        ({"title_en": "x" * 201}, "title_en"),
        ({"title_en": "a\0b"}, "title_en"),
        ({"title_en": " mass  Intra-regional flows"}, "title_en"),
    ],
)
def test_invalid_input_is_shown_at_its_field_with_what_was_typed(
    secretariat: Client, webinar: Webinar, wrong: dict[str, str], field: str
) -> None:
    response = secretariat.post(URL, form_data(title_es="kept") | wrong)

    assert (response.status_code, errors(response)) == (200, [field])
    assert 'value="kept"' in response.content.decode()
    assert Webinar.objects.count() == 1


def test_days_of_another_webinar_are_refused_with_its_name(secretariat: Client, webinar: Webinar) -> None:
    now = timezone.now()
    for number in (1, 2):
        Session.objects.filter(number=number).update(starts_at=now + timedelta(days=20 + number))
    day = timezone.localdate(now + timedelta(days=21))

    response = secretariat.post(URL, form_data(starts_on=f"{day}"))

    assert "“Mass intra-regional flows” takes place at the same time. Choose another day." in response.content.decode()


def test_cloning_an_unknown_webinar_is_not_found(secretariat: Client, webinar: Webinar) -> None:
    assert secretariat.get("/admin/clone-webinar/unknown/").status_code == 404
