"""No field that can hold a person's data escapes the registry (design §8)."""

from django.apps import apps
from django.db import models

from registrations.services.personal_data.registry import REGISTRY

# Ours, and those of the libraries that keep something about who signs in.
APPS = ("registrations", "sessions_app", "account", "mfa", "usersessions", "admin", "sessions")
FREE = (
    models.CharField,
    models.TextField,
    models.FileField,
    models.JSONField,
    models.BinaryField,
    models.GenericIPAddressField,
)


def fields_of(model: type[models.Model]) -> set[str]:
    """Those that hold what somebody typed, uploaded or brought along; a choice is one of our own words."""
    return {field.name for field in model._meta.concrete_fields if isinstance(field, FREE) and not field.choices}


def test_every_field_that_can_hold_personal_data_is_in_the_registry() -> None:
    held = {model._meta.label: fields_of(model) for app in APPS for model in apps.get_app_config(app).get_models()}

    assert {label: names for label, names in held.items() if names} == {
        label: set(fates) for label, fates in REGISTRY.items()
    }
