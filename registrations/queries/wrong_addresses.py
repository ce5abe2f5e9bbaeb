"""Which mail has a recipient whose address is known to be wrong, since other mail of the webinar came back from it."""

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce, Lower

from registrations.models import Bounce


def goes_to_wrong_address() -> Q:
    """Return the condition, on a delivery, that its recipient's present address is known to be wrong.

    Only mail of the same webinar tells, beside whose people it is shown.
    """
    present_address = Lower(Coalesce(OuterRef("delegate__email"), OuterRef("user__email")))
    wrong = Bounce.objects.of_wrong_addresses()
    return Q(Exists(wrong.filter(address=present_address, delivery__webinar=OuterRef("webinar"))))
