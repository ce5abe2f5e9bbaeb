"""The models that have pages in the admin."""

from django.apps import apps
from django.contrib import admin
from django.db.models import Model


def registered_models() -> list[type[Model]]:
    """By their labels."""
    models = [model for model in apps.get_models() if admin.site.is_registered(model)]
    return sorted(models, key=lambda model: model._meta.label)
