"""Attributes of the admin's inputs: language, autofill and labels."""

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from registrations.models import ParticipantProfile
from sessions_app.models import AgendaItem
from tests.factories import make_attendance, make_delegate, make_delegation, make_focal_point, make_staff, make_webinar

pytestmark = pytest.mark.django_db
INPUT = re.compile(r"<(?:input|textarea)\b[^>]*>")


def inputs_of(client: Client, path: str) -> dict[str, str]:
    """Return the tags of the visible inputs of a page, by the last part of their names."""
    answer = client.get(path)
    assert answer.status_code == 200
    tags = [tag for tag in INPUT.findall(answer.content.decode()) if 'type="hidden"' not in tag]
    named = {re.search(r'name="(?:[\w-]*-)?(\w+)"', tag): tag for tag in tags}
    return {name[1]: tag for name, tag in named.items() if name is not None and "__prefix__" not in name[0]}


def bilingual_pages() -> dict[str, set[str]]:
    webinar = make_webinar()
    session = webinar.sessions.get(number=1)
    item = AgendaItem.objects.filter(session=session)[0]
    return {
        f"/admin/sessions_app/webinar/{webinar.pk}/change/": {"title"},
        f"/admin/sessions_app/session/{session.pk}/change/": {"title", "points"},
        f"/admin/sessions_app/agendaitem/{item.pk}/change/": {"title", "points"},
        "/admin/sessions_app/speaker/add/": {"name", "position", "institution"},
        "/admin/registrations/participatingbody/add/": {"name"},
        "/admin/registrations/participantprofile/add/": {"name", "description"},
        f"/admin/registrations/announcement/add/?webinar={webinar.slug}": {"subject", "text"},
        "/admin/webinars/new/": {"title", "short_title", "lead", "name"},
    }


@pytest.mark.parametrize("of_the_page", ["en", "es"])
def test_each_input_of_a_translated_text_has_its_lang_attribute(secretariat: Client, of_the_page: str) -> None:
    secretariat.cookies[settings.LANGUAGE_COOKIE_NAME] = of_the_page

    for path, texts in bilingual_pages().items():
        inputs = inputs_of(secretariat, path)
        for language in ("en", "es"):
            wanted = {name for name in inputs if name.endswith(f"_{language}")}
            assert wanted >= {f"{text}_{language}" for text in texts}
            assert {name for name, tag in inputs.items() if f'lang="{language}"' in tag} == wanted, path


def test_inputs_about_other_people_turn_autofill_off(client: Client) -> None:
    client.force_login(make_staff(is_superuser=True))
    delegation = make_delegation()
    delegate, focal_point = make_delegate(delegation), make_focal_point(delegation.body)
    person = {"name", "email", "institution", "position", "phone"}
    pages = {
        f"/admin/registrations/delegate/register/{delegation.pk}/": person,
        f"/admin/registrations/delegate/{delegate.pk}/change/": person,
        f"/admin/registrations/delegate/{delegate.pk}/replace/": person,
        "/admin/registrations/focalpoint/add/": {"name", "email"},
        "/admin/registrations/user/add/": {"name", "email"},
        f"/admin/registrations/user/{focal_point.user_id}/change/": {"name", "email"},
        "/admin/sessions_app/speaker/add/": {
            f"{text}_{language}" for text in ("name", "position", "institution") for language in ("en", "es")
        },
    }

    for path, names in pages.items():
        inputs = inputs_of(client, path)
        assert {name for name in names if 'autocomplete="off"' not in inputs[name]} == set(), path


def test_the_inline_tables_of_the_admin_have_plain_headings(secretariat: Client) -> None:
    html = secretariat.get("/admin/").content.decode()

    assert '<nav class="rcm-nav" aria-label="Pages of the secretariat">' in html


def test_a_figure_is_labelled_by_its_caption_without_a_group_role(secretariat: Client) -> None:
    webinar = make_webinar()
    profile = ParticipantProfile.objects.create(code="prosecutors", name_en="Prosecutors", position=1)
    person = make_delegate(make_delegation(webinar), profile, admitted_at=webinar.sessions.get(number=1).starts_at)
    make_attendance(webinar.sessions.get(number=1), person, by=make_staff())

    (figure,) = re.findall(
        r"<figure\b[^>]*>", secretariat.get(reverse("admin:attendance", args=[webinar.slug])).content.decode()
    )

    assert "aria-labelledby" in figure
    assert "role=" not in figure
