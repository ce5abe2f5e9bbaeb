"""Addresses of the web and of mail: which are allowed; and at whose house those of the web are."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _

# A link on a page: nothing that a browser would run, or open beside the web.
_is_of_the_web = URLValidator(schemes=["https", "http"])
# Old forms of routing (RFC 5321 appendix F.2 and its predecessors): some servers pass such mail on to somebody else.
ROUTING = re.compile(r'[%!"]')


def validate_web_address(address: str) -> None:
    """Raises ValidationError unless `address` begins with https:// or http:// and names a house."""
    try:
        _is_of_the_web(address)
    except ValidationError:
        raise ValidationError(
            _("This is not an address of the web. It begins with https://."), code="web_address"
        ) from None


def validate_mail_address(address: str) -> None:
    """Raises ValidationError for an address that Django takes for one and no person has: at a machine instead of a
    domain, or with signs before the @ that lead mail elsewhere. What is no address at all is for Django to refuse."""
    local, _at, domain = address.strip().lower().rpartition("@")
    is_machine = domain == "localhost" or domain.endswith(".localhost") or domain.startswith("[")
    if is_machine or domain.rpartition(".")[2].isdigit():
        raise ValidationError(
            _("No mail can be sent to this address: after the @ comes the name of a domain, such as example.org."),
            code="mail_domain",
        )
    if ROUTING.search(local):
        raise ValidationError(
            _("This address cannot be used: before the @ it holds a %, a ! or a quotation mark."), code="mail_routing"
        )


def host_of(address: str) -> str:
    """Tells two addresses apart without what opens them; empty for no address."""
    return urlsplit(address).hostname or ""
