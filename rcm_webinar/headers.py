"""Response headers that neither Django nor a library sets."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Passkeys need these two features. All others are denied, also to embedded pages.
ALLOWED_FEATURES = ("publickey-credentials-create", "publickey-credentials-get")
DENIED_FEATURES = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join(
    [*(f"{feature}=()" for feature in DENIED_FEATURES), *(f"{feature}=(self)" for feature in ALLOWED_FEATURES)]
)


class PermissionsPolicyMiddleware:
    """Sets the header that limits which features of the browser a page may use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS
        return response
