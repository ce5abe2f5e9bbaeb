"""Creating a participant profile whose name somebody typed beside its quota."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from registrations.exceptions import InvalidInput
from registrations.models import ParticipantProfile
from sessions_app.bilingual import Bilingual


def profile_code(name: Bilingual) -> str:
    """Return the code of a profile with this name; empty if the English name has no letters."""
    return slugify(name.en)[:40]


def create_profile(name: Bilingual) -> ParticipantProfile:
    """Create the profile, which comes last in every list; its code is made from the English name.

    Raises InvalidInput, about `name_en`, if the code is taken or empty.
    """
    highest = ParticipantProfile.objects.aggregate(highest=Max("position"))["highest"] or 0
    profile = ParticipantProfile(code=profile_code(name), name_en=name.en, name_es=name.es, position=highest + 1)
    try:
        profile.full_clean()
        with transaction.atomic():
            profile.save(force_insert=True)
    except (ValidationError, IntegrityError) as error:
        message = _("This profile exists already, or its name has no letters. Tick the one above, or change the name.")
        raise InvalidInput({"name_en": [message]}) from error
    return profile
