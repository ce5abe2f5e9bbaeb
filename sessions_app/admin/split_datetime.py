"""Groups the admin's two inputs of a date and time in a fieldset with a legend."""

from typing import Any

from django.contrib.admin.widgets import AdminSplitDateTime


class FieldsetSplitDateTime(AdminSplitDateTime):
    """Django's split date and time as a fieldset: `legend` names it, and an error describes both inputs."""

    legend = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        widget = context["widget"]
        widget["legend"] = self.legend
        if "aria-invalid" in widget["attrs"]:
            for part in widget["subwidgets"]:
                part["attrs"]["aria-describedby"] = f"{widget['attrs']['id']}_error"
        return context


class SplitDateTimeLegendMixin:
    """A mixin for admin classes that gives each date and time the label of its field as legend."""

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]  # of the admin class
        if field is not None and isinstance(field.widget, AdminSplitDateTime):
            field.widget = FieldsetSplitDateTime()
            field.widget.legend = field.label
        return field
