"""Lists the models that are registered in the admin."""

from django.apps import apps
from django.contrib import admin
from django.db.models import Model


def registered_models() -> list[type[Model]]:
    """Return the registered models, sorted by label."""
    models = [model for model in apps.get_models() if admin.site.is_registered(model)]
    return sorted(models, key=lambda model: model._meta.label)
