"""Test sends: mails that staff send to themselves before others get them."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from registrations.models import Delivery, DeliveryKind, User
from registrations.services.nudge import nudge_planner
from sessions_app.models import Webinar

LANGUAGES = [code for code, _name in settings.LANGUAGES]


def owe_test_sends(
    languages: Sequence[str], *, of: str, webinar: Webinar, by: User, now: datetime, **about: object
) -> int:
    """Owe `by` the mail about `about`, an announcement or a delegation, in each of `languages`; return how many.

    `of` names it in the key. Two clicks at one instant owe it once. Needs a transaction.
    """
    Delivery.objects.bulk_create(
        (
            Delivery.to_account(
                by,
                key=f"test:{of}:{by.pk}:{language}:{now.isoformat()}",
                kind=DeliveryKind.TEST,
                at=now,
                webinar=webinar,
                language=language,
                **about,
            )
            for language in languages
        ),
        ignore_conflicts=True,
    )
    nudge_planner()
    return len(languages)
