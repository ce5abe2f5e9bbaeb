"""Whoever adds a field to a delegate finds here each place that has to know it."""

from dataclasses import fields

import pytest
from django.db.models import CharField, TextField

from registrations.forms.delegates import DelegateForm
from registrations.models import Delegate
from registrations.services.delegate_details import DelegateDetails
from registrations.services.exports.columns import COLUMNS
from registrations.services.imports.checking import check_import
from registrations.services.imports.columns import LABELS, SURNAME
from registrations.services.personal_data.registry import IMPERSONAL_CHANGES, REGISTRY, KeepPolicy
from tests.registrations.services.imports.stories import people_in

DETAILS = {field.name: field for field in fields(DelegateDetails)}
# Columns of a delegate that nobody types.
SET_BY_SERVICES = {
    "id", "webinar", "delegation", "speaker", "status", "replaced_by", "registered_at", "admitted_at", "withdrawn_at",
    "withdrawn_reason", "mail_not_before", "mail_held_at", "version", "token_version", "anonymised_at",
}  # fmt: skip
# Codes from a list, which say nothing of the person once the name is gone.
CHOICES = {"language", "role", "timezone"}


def test_each_column_of_a_delegate_is_typed_or_set_by_a_service() -> None:
    assert {field.name for field in Delegate._meta.concrete_fields} == SET_BY_SERVICES | set(DETAILS)


def test_the_form_asks_for_each_detail() -> None:
    # The choices of these two depend on the delegation.
    assert {*DelegateForm.base_fields, "timezone", "profile"} - {"version", "reason"} == set(DETAILS)


def test_the_template_of_imports_has_a_column_for_each_detail() -> None:
    # Speakers are registered by the secretariat, and a list of people leaves the head of delegation alone.
    assert set(LABELS) - {SURNAME} == set(DETAILS) - {"role", "is_head_of_delegation"}


def test_an_export_can_have_a_column_for_each_detail() -> None:
    assert set(DETAILS) - {"is_working_group_member"} <= set(COLUMNS)
    assert "working_group" in COLUMNS


def test_each_text_of_a_delegate_ends_with_the_purge_and_so_do_its_earlier_values() -> None:
    texts = {
        field.name
        for field in Delegate._meta.concrete_fields
        if isinstance(field, CharField | TextField) and field.name in DETAILS and field.name not in CHOICES
    }
    policies = REGISTRY["registrations.Delegate"]

    assert not [name for name in texts if name not in policies or isinstance(policies[name], KeepPolicy)]
    assert texts.isdisjoint(IMPERSONAL_CHANGES)


@pytest.mark.django_db
def test_an_import_reads_each_column_of_its_template(delegation, focal_point, now) -> None:
    words = {"profile": "prosecutors", "language": "en", "timezone": "America/Panama", "is_working_group_member": "yes"}
    row = {field: words.get(field, f"{field}@example.org") for field in LABELS}
    people = people_in(delegation, [list(row.values())], [str(label) for label in LABELS.values()])

    (person,) = check_import(delegation, people, by=focal_point, now=now).new

    assert [
        name for name, field in DETAILS.items() if name in LABELS and getattr(person.details, name) == field.default
    ] == []
