"""Delegate forms that htmx loads into the delegation's page; without scripts they are pages."""

import re
from collections import Counter
from datetime import timedelta

import pytest
from django.test import Client

from registrations.models import Delegate, DelegateStatus, Delegation
from tests.factories import (
    NOW,
    make_country,
    make_delegate,
    make_delegation,
    make_focal_point,
    make_organisation,
)
from tests.registrations.views.delegation_pages import form_data, url

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def delegation(clock) -> Delegation:
    return make_delegation(body=make_country("HN"))


@pytest.fixture
def owner(delegation: Delegation, client: Client) -> Client:
    client.force_login(make_focal_point(delegation.body).user)
    client.cookies["django_language"] = "en"
    return client


def test_an_inline_form_is_a_fragment_with_unique_ids(owner, delegation) -> None:
    html = owner.get(url(delegation, "delegates/new/?profile=prosecutors"), headers=HTMX).content.decode()

    assert html.lstrip().startswith('<div class="in-place" id="in-place-prosecutors"')
    assert ('id="in-place-prosecutors-name"' in html, "<html" in html) == (True, False)
    assert html.count("autofocus") == 1


def test_an_invalid_inline_form_replaces_itself_with_what_was_typed(owner, delegation) -> None:
    answer = owner.post(
        url(delegation, "delegates/new/?profile=prosecutors"), form_data(email="nonsense"), headers=HTMX
    )

    html = answer.content.decode()
    assert answer.status_code == 422
    assert {answer[name] for name in ("HX-Retarget", "HX-Reselect")} == {"#in-place-prosecutors"}
    assert answer["HX-Reswap"] == "outerHTML"
    assert ('value="nonsense"' in html, 'href="#in-place-prosecutors-email"' in html) == (True, True)


def test_saving_focuses_the_delegate_and_keeps_other_open_forms(owner, delegation) -> None:
    answer = owner.post(url(delegation, "delegates/new/?profile=prosecutors"), form_data(), headers=HTMX, follow=True)

    html = answer.content.decode()
    ana = Delegate.objects.get()
    assert f'id="delegate-{ana.pk}" tabindex="-1" autofocus' in html
    assert '<div id="in-place-prosecutors"></div>' in html
    assert '<div id="in-place-border-control" hx-preserve="true"></div>' in html


def test_several_people_can_be_named_without_leaving_the_form(owner, delegation) -> None:
    answer = owner.post(url(delegation, "delegates/new/?profile=prosecutors"), form_data(another="1"), follow=True)

    html = answer.content.decode()
    assert "Ana Ejemplo is named." in html
    assert ('id="in-place-prosecutors-name"' in html, 'value="Ana Ejemplo"' in html) == (True, False)
    assert f'action="{url(delegation, "delegates/new/?profile=prosecutors")}"' in html


def test_several_people_of_an_organisation_can_be_named_without_leaving_the_form(owner) -> None:
    unodc = make_delegation(Delegation.objects.get().webinar, make_organisation())
    make_focal_point(unodc.body, Delegation.objects.first().body.focal_points.get().user)

    answer = owner.post(url(unodc, "delegates/new/?profile=new"), form_data(another="1"), follow=True)

    html = answer.content.decode()
    assert ("Ana Ejemplo is named." in html, 'id="in-place-new-name"' in html) == (True, True)


@pytest.mark.parametrize("query", ["add=nothing", "add=new", "at=<b>&done=<b>", "add=" + "x" * 2000])
def test_invalid_parameters_show_the_page_without_a_form(owner, delegation, query) -> None:
    answer = owner.get(url(delegation, f"?{query}"))

    assert (answer.status_code, "in-place-new-name" in answer.content.decode()) == (200, False)


def test_secondary_fields_are_collapsed_until_one_has_a_value(owner, delegation) -> None:
    ana = make_delegate(delegation, phone="+504 2222 0000")

    folded = owner.get(url(delegation, "delegates/new/")).content.decode()
    unfolded = owner.get(url(delegation, f"delegates/{ana.pk}/edit/")).content.decode()

    assert ('<details class="form-aside">' in folded, '<details class="form-aside" open>' in unfolded) == (True, True)


# Undo -------------------------------------------------------------------------------------------


def test_naming_someone_can_be_undone_without_a_reason_while_mail_is_held_back(owner, delegation) -> None:
    owner.post(url(delegation, "delegates/new/"), form_data())
    ana = Delegate.objects.get()

    html = owner.get(url(delegation)).content.decode()
    owner.post(url(delegation, f"delegates/{ana.pk}/withdraw/"), {"version": 1})

    assert f'id="undo-{ana.pk}"' in html
    ana.refresh_from_db()
    assert ana.status == DelegateStatus.WITHDRAWN


def test_after_the_hold_no_undo_is_offered_and_withdrawing_needs_a_reason(owner, delegation, clock) -> None:
    owner.post(url(delegation, "delegates/new/"), form_data())
    ana = Delegate.objects.get()

    clock.move_to(NOW + timedelta(seconds=20))
    html = owner.get(url(delegation)).content.decode()
    answer = owner.post(url(delegation, f"delegates/{ana.pk}/withdraw/"), {"version": 1})

    assert (f'id="undo-{ana.pk}"' in html, answer.status_code) == (False, 422)
    ana.refresh_from_db()
    assert ana.status == DelegateStatus.ACTIVE


def test_an_edit_can_be_undone_while_mail_is_held_back(owner, delegation, clock) -> None:
    ana = make_delegate(delegation, name="Ana Díaz")
    owner.post(url(delegation, f"delegates/{ana.pk}/edit/"), form_data(version=1, name="Anna"))

    html = owner.get(url(delegation)).content.decode()
    undo = url(delegation, f"delegates/{ana.pk}/undo-edit/")
    answer = owner.post(undo, {"version": 2}, follow=True)
    again = owner.post(undo, {"version": 2}, follow=True)

    assert f'action="{undo}"' in html
    assert "The details of Ana Díaz are as before." in answer.content.decode()
    assert "This can no longer be undone. Edit Ana Díaz again instead." in again.content.decode()
    assert undo not in again.content.decode()


def test_undoing_an_edit_is_offered_only_while_mail_is_held_back(owner, delegation, clock) -> None:
    ana = make_delegate(delegation, name="Ana Díaz")
    owner.post(url(delegation, f"delegates/{ana.pk}/edit/"), form_data(version=1, name="Anna"))

    clock.move_to(NOW + timedelta(seconds=20))

    assert f'id="undo-{ana.pk}"' not in owner.get(url(delegation)).content.decode()


@pytest.mark.parametrize("sent", [{}, {"version": "x"}, {"version": "9" * 40}])
def test_an_undo_without_a_valid_version_is_refused(owner, delegation, sent) -> None:
    ana = make_delegate(delegation, name="Ana Díaz")

    answer = owner.post(url(delegation, f"delegates/{ana.pk}/undo-edit/"), sent, follow=True)

    assert "This can no longer be undone." in answer.content.decode()


def test_a_replacement_is_undone_as_one_change(owner, delegation) -> None:
    luis = make_delegate(delegation, profile="prosecutors")
    owner.post(url(delegation, f"delegates/{luis.pk}/replace/"), form_data(version=1))
    ana = Delegate.objects.get(name="Ana Ejemplo")

    html = owner.get(url(delegation)).content.decode()
    answer = owner.post(url(delegation, f"delegates/{ana.pk}/withdraw/"), {"version": 1})

    assert (f'id="undo-{luis.pk}"' in html, f'id="undo-{ana.pk}"' in html) == (True, False)
    assert answer.status_code == 422


def test_two_invalid_inline_forms_share_no_id(owner, delegation) -> None:
    ana, luis = (make_delegate(delegation, name=name) for name in ("Ana Díaz", "Luis Sol"))

    ids = []
    for person in (ana, luis):
        path = url(delegation, f"delegates/{person.pk}/edit/")
        answer = owner.post(path, {"version": 1, "name": ""}, headers={"HX-Request": "true"})
        assert answer.status_code == 422
        ids += re.findall(r'\bid="([^"]+)"', answer.content.decode())

    assert [each for each in ids if "error-summary" in each] == [
        f"in-place-{person.pk}-error-summary" for person in (ana, luis)
    ]
    # The flash messages are swapped into the element of the page.
    assert {each for each, count in Counter(ids).items() if count > 1} <= {"messages"}


@pytest.mark.parametrize("rest", ["delegates/new/", "delegates/{ana}/edit/", "delegates/{ana}/replace/"])
def test_delegate_forms_turn_autofill_off(owner, delegation, rest) -> None:
    ana = make_delegate(delegation, name="Ana Díaz")

    html = owner.get(url(delegation, rest.format(ana=ana.pk))).content.decode()

    for name in ("name", "email", "institution", "position", "phone"):
        (tag,) = re.findall(rf'<input\b[^>]*name="{name}"[^>]*>', html)
        assert 'autocomplete="off"' in tag


def test_the_import_form_turns_autofill_off(owner, delegation) -> None:
    asked = owner.get(url(delegation, "import/")).content.decode()
    checked = owner.post(
        url(delegation, "import/"), {"table": "Name,E-mail,Institution,Profile\nAna,nobody,Office,Prosecutors"}
    ).content.decode()

    fields = re.findall(r'<textarea\b[^>]*name="table"[^>]*>', asked)
    fields += re.findall(r'<input type="text"[^>]*>', checked)
    assert len(fields) > 3
    assert [tag for tag in fields if 'autocomplete="off"' not in tag] == []
