"""What the product mailed, kept and gave out in one story is what it mails, keeps and gives out today.

`RCM_WRITE_GOLDEN_COPIES=1 .venv/bin/python -m pytest tests/promises` writes the copies anew. They change only in a
commit of their own, which says who asked for the change.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import translation
from pytest_django.plugin import DjangoDbBlocker

from registrations.models import DeliveryKind
from tests.promises.story import tell_story

GOLDEN = Path(__file__).parent / "golden"
# One key of each kind in the story, with the ids of its rows.
KEYS = {
    "invitation": "cal:1:ana@example.org:0",
    "update": "cal:1:ana@example.org:1",
    "cancellation": "cal:2:ana@example.org:1",
    "reminder": "rem:1:20261116T160000Z:20261115T160000Z:focal.hn@example.org",
    "registration": "registration:1:1",
    "gap_notice": "gap:1:1:2:2026-11-01",
    "receipt": "receipt:10:2",
    "decision": "decision:9:2",
    "cannot_come": "cannot_come:26:2",
    "links": "links:1",
    "clash_alert": "clash_alert:6:1",
    "bounce_notice": "bounce_notice:41:2",
    "announcement": "announcement:1:ana.ejemplo@example.org",
    "test": "test:gap:2:1:LANGUAGE:2026-11-04T15:00:00+00:00",
}

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", params=["en", "es"])
def told(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[tuple[str, dict[str, str]]]:
    """The language and the texts of its story, which leaves no row."""
    with django_db_blocker.unblock(), transaction.atomic():
        translation.activate(settings.LANGUAGE_CODE)
        texts = tell_story(request.param)
        transaction.set_rollback(True)
    return request.param, texts


def test_the_story_is_the_golden_one(told: tuple[str, dict[str, str]]) -> None:
    language, texts = told
    folder = GOLDEN / language
    if os.environ.get("RCM_WRITE_GOLDEN_COPIES") == "1":
        _write(folder, texts)

    golden = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.*")}

    assert sorted(texts) == sorted(golden)
    assert {path: text for path, text in texts.items() if golden[path] != text} == {}


def test_the_story_owes_every_kind_of_message(told: tuple[str, dict[str, str]]) -> None:
    _, texts = told

    assert {kind for _, kind in _owed(texts)} == set(DeliveryKind.values)


def test_the_keys_of_each_kind_are_written_as_the_stored_ones(told: tuple[str, dict[str, str]]) -> None:
    """A key of another format would owe every message of an upgraded database once more."""
    language, texts = told

    owed = _owed(texts)

    expected = {(key.replace("LANGUAGE", language), kind) for kind, key in KEYS.items()}
    assert expected - owed == set()
    assert set(KEYS) == set(DeliveryKind.values)


def _owed(texts: dict[str, str]) -> set[tuple[str, str]]:
    """(key, kind) of each delivery that the story owed at any time."""
    lines = [line for path, text in texts.items() if path.endswith("deliveries.txt") for line in text.splitlines()]
    return {(key, kind) for key, kind, *_ in (line.split("\t") for line in lines)}


def _write(folder: Path, texts: dict[str, str]) -> None:
    for path in folder.rglob("*.*"):
        path.unlink()
    for path, text in texts.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
