"""The validators of web and e-mail addresses, and the fields that use them."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from sessions_app.addresses import host_of, validate_mail_address, validate_web_address
from sessions_app.models import Session
from tests.factories import make_webinar


@pytest.mark.parametrize("address", ["https://rooms.example.org/a?pwd=1", "http://rooms.example.org/"])
def test_a_web_address_is_allowed(address: str) -> None:
    validate_web_address(address)

    assert host_of(address) == "rooms.example.org"


@pytest.mark.parametrize(
    "address", ["ftp://rooms.example.org/", "javascript:alert(1)", "https://", "http://[", "rooms.example.org", "a b"]
)
def test_anything_else_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        validate_web_address(address)

    assert refusal.value.messages == ["This is not an address of the web. It begins with https://."]


def test_the_host_of_an_address_has_no_user_name() -> None:
    assert host_of("https://ana:secret@rooms.example.org:8443/a") == "rooms.example.org"
    assert host_of("") == ""


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["room_url", "backup_room_url"])
def test_a_session_refuses_an_invalid_web_address(field: str) -> None:
    session = make_webinar(sessions=1).sessions.get()
    setattr(session, field, "ftp://rooms.example.org/a")

    with pytest.raises(ValidationError) as refusal:
        session.full_clean()

    assert list(refusal.value.message_dict) == [field]


@pytest.mark.django_db
def test_no_session_uses_a_second_room_without_an_address() -> None:
    make_webinar(sessions=1)

    with pytest.raises(IntegrityError, match="session_uses_no_second_room_without_an_address"):
        Session.objects.update(uses_backup_room=True)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ana@localhost", "the name of a domain"),
        ("ana@Localhost", "the name of a domain"),
        ("ana@mail.localhost", "the name of a domain"),
        ("ana@[192.0.2.1]", "the name of a domain"),
        ("ana@[IPv6:2001:db8::1]", "the name of a domain"),
        ("ana@192.0.2.17", "the name of a domain"),
        ("ana%example.net@example.org", "before the @"),
        ("example.net!ana@example.org", "before the @"),
        ('"ana paz"@example.org', "before the @"),
    ],
)
def test_a_mail_address_at_an_ip_address_or_with_a_route_is_refused(address: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        validate_mail_address(address)


@pytest.mark.parametrize(
    "address",
    ["ana@example.org", "o'brien@example.org", "ana+rcm@ministerio.example.org", "ana_paz@xn--exmple-cua.org"],
)
def test_usual_mail_addresses_are_accepted(address: str) -> None:
    validate_mail_address(address)
