"""Storing the profiles of a definition file, their quotas, and the exceptions from them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from registrations.exceptions import RuleBroken
from registrations.management.definitions.participants import ExceptionDefinition, ProfileDefinition
from registrations.models import BodyKind, Delegation, ParticipantProfile, Quota, QuotaException, User
from registrations.services.quotas import change_quota, end_exception, make_exception
from sessions_app.definitions import Source
from sessions_app.definitions.loading import bilingual_columns, save_if_changed
from sessions_app.models import Webinar


def store_profiles(source: Source, webinar: Webinar, profiles: tuple[ProfileDefinition, ...]) -> list[str]:
    """Store the profiles and create missing quotas; return the changes.

    Raises DefinitionRefused, also for a quota whose profile is missing in the file.
    """
    known = {row.code: row for row in ParticipantProfile.objects.all()}
    asked = set(webinar.quotas.values_list("profile__code", flat=True))
    for code in asked - {each.code for each in profiles}:
        source.report(("profile",), _("The profile “%(code)s” has a quota but is missing here.") % {"code": code})
    changes = []
    for position, each in enumerate(profiles, start=1):
        profile = known.get(each.code)
        if profile is None and not each.name:
            source.report_at(each.line, _("“name” is missing: this profile is not known yet."))
            continue
        profile = profile or ParticipantProfile(code=each.code)
        if each.name and save_if_changed(profile, _profile_values(each, position)):
            changes.append(_("Profile %(name)s.") % {"name": each.name})
        if each.code not in asked:
            Quota.objects.create(webinar=webinar, profile=profile, minimum=each.minimum, maximum=each.maximum)
            changes.append(_("Quota of %(name)s.") % {"name": profile.name})
    source.raise_if_problems()
    return changes


def _profile_values(definition: ProfileDefinition, position: int) -> dict[str, object]:
    return {**bilingual_columns(name=definition.name, description=definition.description), "position": position}


def store_quotas(
    source: Source, webinar: Webinar, profiles: tuple[ProfileDefinition, ...], *, now: datetime, by: User | None
) -> list[str]:
    """Change the quotas and exceptions that differ from the file; return the changes. Raises DefinitionRefused.

    Nobody is accepted here; `store_policy` does so afterwards. An exception is made before its quota changes, whose new
    maximum the country may exceed, and ended after it, because the country must then fit the quota.
    """
    exceptions = _changed_exceptions(source, webinar, profiles)
    changes = [_change_exception(source, made, now=now, by=by) for made in exceptions if made.wanted]
    quotas = {quota.profile.code: quota for quota in webinar.quotas.select_related("webinar", "profile")}
    for each in profiles:
        quota = quotas[each.code]
        if (quota.minimum, quota.maximum) != (each.minimum, each.maximum):
            _change_quota(source, quota, each, now=now, by=by)
            changes.append(_("Quota of %(name)s.") % {"name": quota.profile.name})
    changes += [_change_exception(source, ended, now=now, by=by) for ended in exceptions if not ended.wanted]
    source.raise_if_problems()
    return changes


def _change_quota(
    source: Source, quota: Quota, definition: ProfileDefinition, *, now: datetime, by: User | None
) -> None:
    """Change the quota through its service; a broken rule becomes a problem of the file."""
    if by is None:
        source.report_at(
            definition.line, _("A quota is changed under someone's name: load the file with --by ADDRESS.")
        )
        return
    try:
        reason = _("As the definition file says.")
        numbers: Any = {"minimum": definition.minimum, "maximum": definition.maximum}
        change_quota(quota, **numbers, reason=reason, by=by, now=now, may_accept=False)
    except RuleBroken as error:
        source.report_at(definition.line, str(error.message))


@dataclass(frozen=True)
class _ChangedException:
    """An exception of one country that differs from the file; `wanted` is None if the exception ends."""

    quota: Quota
    delegation: Delegation
    wanted: ExceptionDefinition | None
    line: int


def _changed_exceptions(
    source: Source, webinar: Webinar, profiles: tuple[ProfileDefinition, ...]
) -> list[_ChangedException]:
    """Return the differences for each profile whose exceptions the file lists; other profiles keep theirs."""
    countries = webinar.delegations.filter(body__kind=BodyKind.COUNTRY).select_related("webinar", "body")
    by_code = {delegation.body.iso_code or "": delegation for delegation in countries}
    changed = []
    for each in profiles:
        if each.exceptions is None:
            continue
        quota = webinar.quotas.select_related("webinar", "profile").get(profile__code=each.code)
        stored = {exception.body.iso_code or "": exception for exception in quota.exceptions.select_related("body")}
        wanted = {exception.country: exception for exception in each.exceptions}
        for exception in wanted.values():
            if exception.country not in by_code:
                source.report_at(
                    exception.line, _("No country “%(code)s” is asked here.") % {"code": exception.country}
                )
        changed += [
            _ChangedException(quota, by_code[code], wanted.get(code), line=each.line)
            for code in by_code
            if _exception_values(stored.get(code)) != _exception_values(wanted.get(code))
        ]
    return changed


def _exception_values(exception: ExceptionDefinition | QuotaException | None) -> tuple[object, ...]:
    return (exception.minimum, exception.maximum, exception.reason) if exception else ()


def _change_exception(source: Source, changed: _ChangedException, *, now: datetime, by: User | None) -> str:
    """Make or end the exception through its service, and return the change; report a broken rule as a problem."""
    wanted, delegation, quota = changed.wanted, changed.delegation, changed.quota
    line = wanted.line if wanted else changed.line
    change = _("Quota of %(name)s: the exception for %(body)s.") % {"name": quota.profile, "body": delegation.body}
    if by is None:
        source.report_at(line, _("A quota is changed under someone's name: load the file with --by ADDRESS."))
        return change
    who: Any = {"by": by, "now": now, "may_accept": False}
    try:
        if wanted is None:
            end_exception(delegation, quota=quota, reason=_("As the definition file says."), **who)
        else:
            numbers: Any = {"minimum": wanted.minimum, "maximum": wanted.maximum, "reason": wanted.reason}
            make_exception(delegation, quota=quota, **numbers, **who)
    except RuleBroken as error:
        source.report_at(line, str(error.message))
    return change
