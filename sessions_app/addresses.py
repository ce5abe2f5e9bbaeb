"""Addresses of the web: which are allowed, and at whose house they are."""

from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

# A link on a page: nothing that a browser would run, or open beside the web.
_is_of_the_web = URLValidator(schemes=["https", "http"])


def validate_web_address(address: str) -> None:
    """Raises ValidationError unless `address` begins with https:// or http:// and names a house."""
    try:
        _is_of_the_web(address)
    except ValidationError:
        raise ValidationError(
            _("This is not an address of the web. It begins with https://."), code="web_address"
        ) from None


def house_of(address: str) -> str:
    """Tells two addresses apart without what opens them; empty for no address."""
    return urlsplit(address).hostname or ""
