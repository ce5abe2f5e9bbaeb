"""Appointing and removing the focal points of a participating body."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput
from registrations.models import PRIVACY_NOTICE, FocalPoint, ParticipatingBody, User


@dataclass(frozen=True)
class NewFocalPoint:
    """Somebody who is to become a focal point of `body`; the address is lower-cased."""

    body: ParticipatingBody
    email: str
    name: str
    language: str


@transaction.atomic
def appoint_focal_points(people: Sequence[NewFocalPoint]) -> list[FocalPoint | InvalidInput]:
    """Appoint each of `people`; return the focal point of each, or why this one was refused.

    The first focal point of a body becomes its primary one. Raises nothing: whoever is refused does not keep the others
    from being appointed. Locks the rows of the bodies in the order of their ids.
    """
    outcomes: list[FocalPoint | InvalidInput] = []
    bodies = {person.body.pk for person in people}
    with_primary = FocalPoint.objects.filter(body__in=bodies, removed_at__isnull=True, is_primary=True)
    list(ParticipatingBody.objects.select_for_update().filter(pk__in=bodies).order_by("pk").values_list("pk"))
    have_primary = set(with_primary.values_list("body", flat=True))
    for person in people:
        is_primary = person.body.pk not in have_primary
        try:
            focal_point = appoint_focal_point(
                person.body, email=person.email, name=person.name, language=person.language, is_primary=is_primary
            )
        except InvalidInput as refused:
            outcomes.append(refused)
        else:
            outcomes.append(focal_point)
            have_primary.add(person.body.pk)
    return outcomes


@transaction.atomic
def appoint_focal_point(
    body: ParticipatingBody, *, email: str, name: str = "", language: str = "es", is_primary: bool = False
) -> FocalPoint:
    """Make the person with `email` a focal point of `body`; an unknown person gets an account without a password.

    A new primary focal point makes the present one an alternate. An existing account keeps its name and language.
    Raises InvalidInput with the `reason_against` the account, or if the person is a focal point of `body` already.
    Locks the row of the body, so that two appointments are decided one after the other, and the account.
    """
    body = ParticipatingBody.objects.select_for_update().get(pk=body.pk)
    found = _account(email.strip(), name=name, language=language)
    user = User.objects.select_for_update(no_key=True).get(pk=found.pk)
    if reason := reason_against(user):
        raise InvalidInput({"email": [reason]})
    present = FocalPoint.objects.filter(body=body, removed_at__isnull=True)
    if present.filter(user=user).exists():
        raise InvalidInput({"email": [_("%(user)s is a focal point of %(body)s already.") % _names(user, body)]})
    if is_primary:
        present.filter(is_primary=True).update(is_primary=False)
    return FocalPoint.objects.create(body=body, user=user, is_primary=is_primary)


def reason_against(user: User) -> str:
    """Return why the account cannot be a focal point, or the empty string."""
    if not user.is_active:
        return _("The account with this address is closed. Open it again first.")
    if user.is_staff or user.is_observer:
        return _("This account belongs to the secretariat or to an observer, who cannot be focal points.")
    return ""


@transaction.atomic
def make_primary(focal_point: FocalPoint) -> FocalPoint:
    """Make `focal_point` the primary one of its body; the present one becomes an alternate. Locks the row of the body.

    Raises InvalidInput if the focal point was removed.
    """
    ParticipatingBody.objects.select_for_update().get(pk=focal_point.body_id)
    current = FocalPoint.objects.select_related("user", "body").get(pk=focal_point.pk)
    if current.removed_at is not None:
        raise InvalidInput({"": [_("%(user)s is no longer a focal point.") % _names(current.user, current.body)]})
    others = FocalPoint.objects.filter(body=current.body, removed_at__isnull=True, is_primary=True)
    others.exclude(pk=current.pk).update(is_primary=False)
    current.is_primary = True
    current.save(update_fields=["is_primary"])
    return current


@transaction.atomic
def remove_focal_point(focal_point: FocalPoint, *, now: datetime) -> FocalPoint:
    """End the access of `focal_point` to the body and sign the person out everywhere. A second call changes nothing.

    The account stays, because the history refers to it.
    """
    current = FocalPoint.objects.select_for_update(of=("self",)).select_related("user", "body").get(pk=focal_point.pk)
    if current.removed_at is not None:
        return current
    current.removed_at = now
    current.is_primary = False
    current.save(update_fields=["removed_at", "is_primary"])
    for session in UserSession.objects.filter(user=current.user):
        session.end()
    return current


def record_privacy_notice_read(user: User, *, now: datetime) -> None:
    """Store that `user` has read the current version of the privacy notice."""
    User.objects.filter(pk=user.pk).update(privacy_notice=PRIVACY_NOTICE, privacy_read_at=now)


def _account(email: str, *, name: str, language: str) -> User:
    """Return the account with this address; create it if there is none, even if another request does so meanwhile."""
    known = User.objects.filter(email__iexact=email)
    if (user := known.first()) is not None:
        return user
    try:
        with transaction.atomic():
            return User.objects.create_user(email, name=name, language=language)
    except IntegrityError:
        return known.get()


def _names(user: User, body: ParticipatingBody) -> dict[str, str]:
    return {"user": str(user), "body": str(body)}
