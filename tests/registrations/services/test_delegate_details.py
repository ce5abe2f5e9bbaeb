from dataclasses import replace

import pytest

from registrations.exceptions import InvalidInput
from registrations.models import Delegate, HistoryEvent, ParticipantProfile, Quota
from registrations.services.nominations import register_delegate
from sessions_app.invisible import INVISIBLE_CHARACTER
from tests.factories import make_details

ONE_LINE = "Line breaks and control characters cannot be used here."


@pytest.mark.parametrize(
    ("field", "value", "messages"),
    [
        ("name", "", ["This field cannot be blank."]),
        ("name", " \u00a0 ", ["This field cannot be blank."]),
        ("name", "N" * 300, ["Ensure this value has at most 200 characters (it has 300)."]),
        ("name", "Ana\x07Díaz", [ONE_LINE]),
        ("name", "Ana\nDíaz", [ONE_LINE]),
        ("name", "Ana \u202eDíaz", [ONE_LINE, str(INVISIBLE_CHARACTER)]),
        ("name", "Ana\x00Díaz", [ONE_LINE]),
        ("name", "Ana \ud800", [ONE_LINE]),
        ("email", "", ["This field cannot be blank."]),
        ("email", "ana.example.org", ["Enter a valid email address."]),
        ("email", "ana@", ["Enter a valid email address."]),
        ("email", f"{'a' * 250}@example.org", ["Ensure this value has at most 254 characters (it has 262)."]),
        ("institution", "I" * 300, ["Ensure this value has at most 200 characters (it has 300)."]),
        ("timezone", "", ["This field cannot be blank."]),
        (
            "timezone",
            "Mars/Olympus",
            ["“Mars/Olympus” is not a time zone. Choose one such as America/Costa_Rica."],
        ),
        ("language", "fr", ["Value 'fr' is not a valid choice."]),
        ("role", "king", ["Value 'king' is not a valid choice."]),
        ("phone", "5\r\n5", [ONE_LINE]),
        ("needs", "n" * 1001, ["Ensure this value has at most 1000 characters (it has 1001)."]),
        ("needs", "a ramp\x00", [ONE_LINE]),
    ],
)
def test_input_that_cannot_be_stored_is_refused_by_field(delegation, focal_point, now, field, value, messages):
    details = make_details(**{field: value})

    with pytest.raises(InvalidInput) as refused:
        register_delegate(delegation, details=details, by=focal_point, now=now)

    assert refused.value.messages == {field: messages}
    assert (refused.value.field, refused.value.message) == (field, messages[0])
    assert (Delegate.objects.count(), HistoryEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    "email", ["ana@example.org\nBcc: other@example.org", "ana\r\n@example.org", '"a\nb"@example.org']
)
def test_an_address_with_a_line_break_is_refused(delegation, focal_point, now, email):
    with pytest.raises(InvalidInput) as refused:
        register_delegate(delegation, details=make_details(email=email), by=focal_point, now=now)

    assert ONE_LINE in refused.value.messages["email"]
    assert not Delegate.objects.exists()


def test_all_invalid_fields_are_reported_together(delegation, focal_point, now):
    details = replace(make_details(), name="", email="nobody", timezone="Mars/Olympus", profile=None)

    with pytest.raises(InvalidInput) as refused:
        register_delegate(delegation, details=details, by=focal_point, now=now)

    assert set(refused.value.messages) == {"name", "email", "timezone", "profile"}
    assert refused.value.messages["profile"] == ["Please choose a profile."]


def test_a_profile_without_a_quota_at_this_webinar_is_refused(delegation, focal_point, now):
    other = ParticipantProfile.objects.create(code="judges", name_en="Judges")

    with pytest.raises(InvalidInput) as refused:
        register_delegate(delegation, details=make_details(other), by=focal_point, now=now)

    assert refused.value.messages == {"profile": ["This webinar asks for nobody of this profile."]}
    assert not Quota.objects.filter(profile=other).exists()


def test_a_domain_beyond_ascii_has_one_form(delegation, focal_point, now):
    delegate = register_delegate(
        delegation, details=make_details(email="ana@EJEMPLO-Ñ.example.org"), by=focal_point, now=now
    )

    assert delegate.email == "ana@xn--ejemplo--k3a.example.org"


@pytest.mark.parametrize("name", ["O'Neil-Ñáñez de la O", "李 小龍", "=cmd|' /C calc'!A0", "<b>Ana</b>", "Zoë 👩‍⚖️"])
def test_a_name_is_stored_exactly_as_typed(delegation, focal_point, now, name):
    delegate = register_delegate(delegation, details=make_details(name=name), by=focal_point, now=now)

    assert Delegate.objects.get(pk=delegate.pk).name == name
