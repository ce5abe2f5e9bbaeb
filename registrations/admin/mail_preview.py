"""The HTML of a mail, for an iframe on an admin page."""

from collections.abc import Callable

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin

# The mail runs no script and loads nothing; its links open in a new tab.
PREVIEW_CSP = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


def preview_response(request: HttpRequest, message: EmailMultiAlternatives) -> HttpResponse:
    """Return the HTML part of `message`; only pages of this site may show it in a frame."""
    html = next(str(content) for content, mimetype in message.alternatives if mimetype == "text/html")
    return _with_preview_headers(request, f'<base target="_blank">{html}')


def _html_response(request: HttpRequest, html: str) -> HttpResponse:
    return HttpResponse(html)


_with_preview_headers: Callable[[HttpRequest, str], HttpResponse] = csp(PREVIEW_CSP)(
    xframe_options_sameorigin(_html_response)  # type: ignore[arg-type]  # the stubs allow no further arguments
)  # type: ignore[assignment]  # the same
