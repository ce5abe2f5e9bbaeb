"""Which recipients have an address that is known to be wrong, since mail to it came back."""

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from registrations.models import Bounce, Delegate, User


def goes_to_wrong_address() -> Q:
    """Return the condition, on a delivery, that its recipient's present address is known to be wrong.

    Joins no table to the delivery's row.
    """
    wrong = Bounce.objects.of_wrong_addresses().filter(address=Lower(OuterRef("email")))
    delegates = Delegate.objects.filter(Exists(wrong), pk=OuterRef("delegate"))
    accounts = User.objects.filter(Exists(wrong), pk=OuterRef("user"))
    return Q(Exists(delegates)) | Q(Exists(accounts))
