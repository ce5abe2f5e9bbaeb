from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser

from sessions_app.reader_zone import zone_for_reader, zone_from_url

PANAMA, MEXICO = "America/Panama", "America/Mexico_City"


@pytest.mark.parametrize(
    ("user", "fallbacks", "zone"),
    [
        (SimpleNamespace(timezone=PANAMA), (MEXICO,), PANAMA),
        (SimpleNamespace(timezone=""), ("", MEXICO), MEXICO),
        (SimpleNamespace(timezone="Nowhere/Else"), (MEXICO,), MEXICO),
        (AnonymousUser(), (MEXICO, PANAMA), MEXICO),
        (AnonymousUser(), (), "UTC"),
    ],
)
def test_a_reader_reads_in_the_zone_of_the_account_or_else_in_the_first_fallback(
    user: object, fallbacks: tuple[str, ...], zone: str
) -> None:
    assert zone_for_reader(user, *fallbacks) == zone


@pytest.mark.parametrize(
    ("requested", "answer"),
    [
        (f" {PANAMA} ", (PANAMA, "")),
        ("", (MEXICO, "")),
        ("Nowhere/Else", (MEXICO, "Nowhere/Else")),
        ("x" * 100, (MEXICO, "x" * 60)),
    ],
)
def test_a_zone_of_the_url_is_used_if_it_is_known_and_repeated_if_it_is_not(
    requested: str, answer: tuple[str, str]
) -> None:
    assert zone_from_url(requested, MEXICO) == answer
