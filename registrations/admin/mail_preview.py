"""A mail as its reader sees it, for a frame on a page of the admin."""

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

# It runs nothing, loads nothing, and its links open beside the page.
PREVIEW_CSP = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def preview_response(request: HttpRequest, message: EmailMultiAlternatives) -> HttpResponse:
    """The HTML part of `message`, which stands in a frame of our own pages alone."""
    html = next(str(content) for content, mimetype in message.alternatives if mimetype == "text/html")
    return _in_frame(request, f'<base target="_blank">{html}')


def _framed(request: HttpRequest, html: str) -> HttpResponse:
    return HttpResponse(html)


_in_frame: Callable[[HttpRequest, str], HttpResponse] = csp(PREVIEW_CSP)(xframe_options_sameorigin(_framed))  # type: ignore[arg-type,assignment]  # typed for views without further arguments
