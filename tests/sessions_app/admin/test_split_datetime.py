"""The two inputs of a date and time in the admin form a group with labels that are unique on the page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_webinar
from tests.filled_form import filled_form

pytestmark = pytest.mark.django_db
MOMENT = re.compile(r'<fieldset class="datetime">(.*?)</fieldset>', re.DOTALL)


def groups_of(html: str) -> list[tuple[str, list[str]]]:
    """Return (legend, names of the inputs) of each date and time in `html`, without the empty row that scripts copy."""
    found = []
    for group in MOMENT.findall(html):
        legend = re.search(r"<legend[^>]*>(.*?)</legend>", group)
        labels = [re.sub(r"<[^>]*>", "", label) for label in re.findall(r"<label[^>]*>(.*?)</label>", group)]
        if "__prefix__" not in group:
            found.append((legend[1] if legend else "", labels))
    return found


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_date_and_time_is_a_group_with_unique_labels(secretariat: Client, language: str) -> None:
    webinar = make_webinar()
    url = reverse("admin:sessions_app_webinar_change", args=[webinar.pk])

    groups = groups_of(secretariat.get(url, headers={"Accept-Language": language}).content.decode())

    date, time = ("Date:", "Time:") if language == "en" else ("Fecha:", "Hora:")
    assert len(groups) == 2
    assert [labels for _legend, labels in groups] == [
        [f"{legend}, {date}", f"{legend}, {time}"] for legend, _labels in groups
    ]
    assert len({legend for legend, _labels in groups if legend}) == 2


def test_the_error_of_a_date_and_time_describes_both_inputs(secretariat: Client) -> None:
    webinar = make_webinar(sessions=1)
    url = reverse("admin:registrations_registrationpolicy_change", args=[webinar.policy.pk])
    typed = filled_form(secretariat.get(url).content.decode()) | {"closes_at_0": "never"}

    html = secretariat.post(url, typed).content.decode()

    described = re.findall(r'<input[^>]*name="closes_at_[01]"[^>]*aria-describedby="([^"]*)"', html)
    assert described == ["id_closes_at_error"] * 2
    assert '<ul class="errorlist" id="id_closes_at_error">' in html
