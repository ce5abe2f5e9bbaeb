"""Wherever an address or a name of a person is entered, the same ones are refused."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from registrations.exceptions import InvalidInput
from registrations.forms.accounts import AccountForm, FocalPointForm, NewAccountForm
from registrations.models import Delegate, User
from registrations.services.imports.checking import check_import
from registrations.services.imports.columns import LABELS
from registrations.services.nominations import (
    edit_delegate,
    register_delegate,
    register_delegates,
    replace_delegate,
)
from tests.factories import make_country, make_delegate, make_delegation, make_details, make_focal_point, make_user
from tests.registrations.services.imports.stories import people_in, row

pytestmark = pytest.mark.django_db

ADDRESSES = (
    "ana@localhost",
    "ana@[192.0.2.1]",
    "ana%example.net@example.org",
    "a!ana@example.org",
    '"ana"@example.org',
)
FIELDS = {str(label): field for field, label in LABELS.items()}
NAME = "Ana\u200b Paz"


@pytest.fixture
def delegation():
    return make_delegation(body=make_country("HN"))


@pytest.fixture
def by(delegation) -> User:
    return make_focal_point(delegation.body).user


@pytest.mark.parametrize("email", ADDRESSES)
@pytest.mark.parametrize("way", ["name", "list", "replace", "edit", "import"])
def test_no_way_of_naming_takes_such_an_address(delegation, by, now, way, email) -> None:
    assert list(refusals(delegation, by, now, way, email=email)) == ["email"]


@pytest.mark.parametrize("field", ["name", "institution", "position", "email"])
@pytest.mark.parametrize("way", ["name", "list", "replace", "edit", "import"])
def test_no_way_of_naming_takes_an_invisible_character_and_the_reason_names_it(delegation, by, now, way, field) -> None:
    value = "ana\u200b@example.org" if field == "email" else NAME

    refused = refusals(delegation, by, now, way, **{field: value})

    assert list(refused) == [field]
    assert "invisible character" in refused[field]


def refusals(delegation, by, now, way, **typed) -> dict[str, str]:
    """What is said, by field."""
    person, details = make_delegate(delegation), make_details(**typed)
    try:
        if way == "name":
            register_delegate(delegation, details=details, by=by, now=now)
        elif way == "list":
            (outcome,) = register_delegates(delegation, people=[details], by=by, now=now)
            raise outcome.refusal
        elif way == "replace":
            replace_delegate(person, details=details, version=1, by=by, now=now)
        elif way == "edit":
            edit_delegate(person, details=details, version=1, by=by, now=now)
        else:
            checked = check_import(delegation, people_in(delegation, [row(1, **typed)]), by=by, now=now)
            return {FIELDS[error.column]: error.message for error in checked.rows[0].errors}
    except InvalidInput as refused:
        assert not Delegate.objects.exclude(pk=person.pk).exists()
        return {field: " ".join(map(str, texts)) for field, texts in refused.messages.items()}
    raise AssertionError("Nothing was refused.")


@pytest.mark.parametrize("email", ADDRESSES)
def test_no_account_and_no_focal_point_has_such_an_address(delegation, email) -> None:
    account = make_user()
    typed = {"email": email, "name": "Ana Paz", "language": "es", "role": "none", "timezone": ""}

    forms = [
        NewAccountForm(typed),
        AccountForm(typed, instance=account),
        FocalPointForm({"email": email, "body": delegation.body_id, "language": "es"}),
    ]

    assert [list(form.errors) for form in forms if "email" not in form.errors] == []
    with pytest.raises(ValidationError):
        User(email=email).clean_fields(exclude=["password"])
    with pytest.raises(CommandError):
        call_command("createsuperuser", interactive=False, email=email, verbosity=0)


def test_no_account_and_no_focal_point_has_an_invisible_character_in_the_name(delegation) -> None:
    typed = {"email": "ana@example.org", "name": NAME, "language": "es", "role": "none", "timezone": ""}

    forms = [NewAccountForm(typed), FocalPointForm(typed | {"body": delegation.body_id})]

    assert [list(form.errors) for form in forms] == [["name"], ["name"]]
