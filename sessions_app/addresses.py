"""Validates web and e-mail addresses, and reads the host of a web address."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

# Only http and https: a link on a page must not start a script or another program.
_validate_url = URLValidator(schemes=["https", "http"])
# Characters of obsolete source routes (RFC 5321 appendix F.2): some servers relay such mail to another address.
ROUTING_CHARACTERS = re.compile(r'[%!"]')


def validate_web_address(address: str) -> None:
    """Raise ValidationError unless `address` is a URL with a host that begins with https:// or http://."""
    try:
        _validate_url(address)
    except ValidationError:
        raise ValidationError(
            _("This is not an address of the web. It begins with https://."), code="web_address"
        ) from None


def validate_mail_address(address: str) -> None:
    """Raise ValidationError for an address that passes Django's validator but that no person has.

    Refuses an IP address or localhost in place of a domain, and characters before the @ that some servers read as
    routing. Django's own validator refuses what is no address at all.
    """
    local, _at, domain = address.strip().lower().rpartition("@")
    is_machine = domain == "localhost" or domain.endswith(".localhost") or domain.startswith("[")
    if is_machine or domain.rpartition(".")[2].isdigit():
        raise ValidationError(
            _("No mail can be sent to this address: after the @ comes the name of a domain, such as example.org."),
            code="mail_domain",
        )
    if ROUTING_CHARACTERS.search(local):
        raise ValidationError(
            _("This address cannot be used: before the @ it holds a %, a ! or a quotation mark."), code="mail_routing"
        )


def host_of(address: str) -> str:
    """Return the host of a URL, which tells two rooms apart without opening either; empty for an empty `address`."""
    return urlsplit(address).hostname or ""
