"""Mails that somebody of the secretariat has sent to themselves, before others get them."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from registrations.models import Delivery, DeliveryKind, User
from registrations.services.nudge import nudge_planner

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def owe_test_sends(languages: Sequence[str], *, of: str, by: User, now: datetime, **about: object) -> int:
    """Owe `by` the mail that `about` is about, in each of `languages`; how many these are. `of` names it.

    Two clicks of one instant owe it once. Needs a transaction.
    """
    Delivery.objects.bulk_create(
        (
            Delivery.to_account(
                by,
                key=f"test:{of}:{by.pk}:{language}:{now.isoformat()}",
                kind=DeliveryKind.TEST,
                at=now,
                language=language,
                **about,
            )
            for language in languages
        ),
        ignore_conflicts=True,
    )
    nudge_planner()
    return len(languages)
