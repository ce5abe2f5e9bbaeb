"""Storing the participating bodies of a definition file."""

from django.utils.translation import gettext as _

from registrations.management.definitions.participants import BodyDefinition
from registrations.models import Delegation, ParticipatingBody
from registrations.queries.bodies import has_people
from sessions_app.definitions import Source
from sessions_app.definitions.loading import bilingual_columns, save_if_changed
from sessions_app.models import Webinar


def store_bodies(source: Source, webinar: Webinar, bodies: tuple[BodyDefinition, ...]) -> list[str]:
    """Store the bodies, with a draft delegation for each; return the changes. Raises DefinitionRefused."""
    known = {row.slug: row for row in ParticipatingBody.objects.all()}
    changes = []
    for each in bodies:
        row = known.get(each.slug)
        if not each.name:
            if row is None:
                source.report_at(each.line, _("“name” is missing: this body is not known yet."))
                continue
        elif _other_body_with_code(each, known) is not None:
            source.report_at(each.line, _("Another body has the code “%(code)s” already.") % {"code": each.iso_code})
            continue
        else:
            if row is not None and row.kind != each.kind and has_people(row):
                source.report_at(each.line, _("The kind of a body with delegations or focal points cannot change."))
                continue
            row = row or ParticipatingBody(slug=each.slug)
            if save_if_changed(row, _body_values(each)):
                changes.append(_("Participating body %(name)s.") % {"name": each.name})
        _delegation, is_new = Delegation.objects.get_or_create(webinar=webinar, body=row)
        if is_new:
            changes.append(_("Delegation of %(name)s.") % {"name": row.name})
    source.raise_if_problems()
    return changes


def _other_body_with_code(definition: BodyDefinition, known: dict[str, ParticipatingBody]) -> ParticipatingBody | None:
    """Return the other body that has the same ISO code, or None."""
    rows = (row for row in known.values() if row.iso_code and row.iso_code == definition.iso_code)
    return next((row for row in rows if row.slug != definition.slug), None)


def _body_values(definition: BodyDefinition) -> dict[str, object]:
    return bilingual_columns(name=definition.name) | {
        "kind": definition.kind,
        "iso_code": definition.iso_code or None,
        "default_language": definition.language,
        "timezones": list(definition.timezones),
    }
