import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/en/", "/en/nothing/", "/static/css/rcm.css", "/accounts/login/"])
def test_every_response_limits_the_features_of_the_browser(path: str) -> None:
    policy = dict(part.split("=") for part in Client().get(path).headers["Permissions-Policy"].split(", "))

    allowed = {feature: to for feature, to in policy.items() if to != "()"}
    assert {"camera", "microphone", "geolocation", "payment", "usb"} <= policy.keys() - allowed.keys()
    # Passkeys need it.
    assert allowed == {"publickey-credentials-create": "(self)", "publickey-credentials-get": "(self)"}
