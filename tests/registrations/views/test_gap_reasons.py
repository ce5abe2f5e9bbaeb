"""A reason is required exactly where an action opens a gap (rule 6)."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registrations.models import Delegate, Delegation, HistoryEvent, User
from tests.factories import make_delegate, make_focal_point, make_profiles, make_staff
from tests.registrations.views.delegation_pages import draft_at_present, form_data, url

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
MEANWHILE = "The delegation has changed since you opened this page."
ASKED = "Please give a reason: this leaves a gap in the quota."


@pytest.fixture
def delegation() -> Delegation:
    return draft_at_present()


def sign_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture(params=["focal point", "focal point, in place", "admin"])
def person(request, delegation) -> Client:
    client = sign_in(make_staff() if request.param == "admin" else make_focal_point(delegation.body).user)
    client.is_admin = request.param == "admin"
    client.headers_sent = HTMX if "in place" in request.param else {}
    return client


def address(person: Client, delegate: Delegate, step: str) -> str:
    if not person.is_admin:
        return url(delegate.delegation, f"delegates/{delegate.pk}/{step}/")
    name = "registrations_delegate_change" if step == "edit" else f"{step}-delegate"
    return reverse(f"admin:{name}", args=[delegate.pk])


def opened(person: Client, delegate: Delegate, step: str):
    return person.get(address(person, delegate, step), headers=person.headers_sent).context["form"]


def sent(person: Client, delegate: Delegate, step: str, values: dict[str, object]):
    return person.post(address(person, delegate, step), values, headers=person.headers_sent)


def reason_field(form) -> tuple[str, bool] | None:
    """Return the label of the reason field and whether it is required; None without one."""
    field = form.fields.get("reason")
    return (str(field.label), field.required) if field is not None else None


def test_withdrawing_needs_a_reason_only_if_it_opens_a_gap(person, delegation) -> None:
    spare, _one, _other = (make_delegate(delegation) for _ in range(3))
    without_gap = reason_field(opened(person, spare, "withdraw"))
    sent(person, spare, "withdraw", {"version": 1})
    leaving = Delegate.objects.active().first()

    form = opened(person, leaving, "withdraw")
    refused = sent(person, leaving, "withdraw", {"version": 1, "reason": ""})
    accepted = sent(person, leaving, "withdraw", {"version": 1, "reason": "Ill"})

    assert without_gap is None
    assert reason_field(form) == ("Reason for the gap", True)
    assert refused.context["form"].errors == {"reason": [ASKED]}
    assert accepted.status_code == 302
    assert list(Delegate.objects.order_by("pk").values_list("status", "withdrawn_reason"))[:2] == [
        ("withdrawn", ""),
        ("withdrawn", "Ill"),
    ]


def test_a_gap_that_opens_meanwhile_shows_the_form_again_with_a_reason_field(person, delegation) -> None:
    one, other, leaving = (make_delegate(delegation) for _ in range(3))
    shown = opened(person, leaving, "withdraw")
    for gone in (one, other):
        Delegate.objects.filter(pk=gone.pk).update(status="withdrawn", withdrawn_at=timezone.now())

    refused = sent(person, leaving, "withdraw", {"version": 1})

    assert reason_field(shown) is None
    assert reason_field(refused.context["form"]) == ("Reason for the gap", True)
    assert 'name="reason"' in refused.content.decode()
    assert ASKED in refused.content.decode()
    assert Delegate.objects.active().get() == leaving


def test_a_reason_for_a_gap_that_closed_meanwhile_is_recorded(person, delegation) -> None:
    leaving, _other = make_delegate(delegation), make_delegate(delegation)
    make_delegate(delegation)

    sent(person, leaving, "withdraw", {"version": 1, "reason": "Ill"})

    assert Delegate.objects.get(pk=leaving.pk).withdrawn_reason == "Ill"


def test_a_delegate_who_was_just_named_is_withdrawn_without_a_reason(delegation) -> None:
    owner = sign_in(make_focal_point(delegation.body).user)
    owner.post(url(delegation, "delegates/new/"), form_data())
    newcomer = Delegate.objects.get()

    page = owner.get(url(delegation, f"delegates/{newcomer.pk}/withdraw/"))

    assert reason_field(page.context["form"]) is None


def test_replacing_leaves_no_gap_and_asks_for_no_reason(person, delegation) -> None:
    assert reason_field(opened(person, make_delegate(delegation), "replace")) is None


def test_changing_the_profile_needs_a_reason_if_it_opens_a_gap(person, delegation) -> None:
    ana = make_delegate(delegation, "prosecutors")
    profiles = make_profiles()
    moved = form_data(profile=profiles["border-control"].pk, version=1, role="delegate")

    untouched = reason_field(opened(person, ana, "edit"))
    refused = sent(person, ana, "edit", moved)
    same = sent(person, ana, "edit", form_data(name="", version=1, role="delegate"))
    saved = sent(person, ana, "edit", {**moved, "reason": "Moved to the border"})

    assert untouched is None
    assert reason_field(refused.context["form"]) == ("Reason for the gap", True)
    assert refused.context["form"].errors == {"reason": [ASKED]}
    assert reason_field(same.context["form"]) is None
    assert saved.status_code == 302
    assert HistoryEvent.objects.get(kind="edited").reason == "Moved to the border"


def test_changing_the_profile_without_a_gap_needs_no_reason(person, delegation) -> None:
    ana, _one, _other = (make_delegate(delegation, "prosecutors") for _ in range(3))

    saved = sent(
        person, ana, "edit", form_data(profile=make_profiles()["border-control"].pk, version=1, role="delegate")
    )

    assert saved.status_code == 302


@pytest.mark.parametrize("is_admin", [False, True])
def test_submitting_needs_a_reason_only_if_something_is_missing(delegation, is_admin) -> None:
    person = sign_in(make_staff() if is_admin else make_focal_point(delegation.body).user)
    page = reverse("admin:submit-delegation", args=[delegation.pk]) if is_admin else url(delegation, "submit/")
    for code in make_profiles():
        make_delegate(delegation, code)
        make_delegate(delegation, code)

    complete = reason_field(person.get(page).context["form"])
    gone = delegation.delegates.first()
    gone.delete()
    refused = person.post(page, {"version": 1})
    submitted = person.post(page, {"version": 1, "reason": "One is ill"})

    assert complete is None
    assert reason_field(refused.context["form"])[1]
    assert "reason" in refused.context["form"].errors
    assert submitted.status_code == 302
    assert Delegation.objects.get().gap_reason == "One is ill"
