import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from registrations import health
from registrations.models import Delivery
from registrations.services.delivering.plan import plan
from tests.factories import make_message
from tests.full_disk import largest_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def never_planned() -> None:
    caches["database"].clear()


@contextmanager
def closed_to_this_process(directory: Path) -> Iterator[None]:
    """Take every right to `directory` away; root, whom no right stops, is nobody meanwhile."""
    is_root = os.geteuid() == 0
    directory.chmod(0)
    try:
        if is_root:
            os.seteuid(65534)
        yield
    finally:
        if is_root:
            os.seteuid(0)
        directory.chmod(0o700)


def owe(due_at: datetime, **fields: object) -> Delivery:
    return make_message(f"dec:{due_at.isoformat()}", created_at=due_at, due_at=due_at, **fields)


def test_beat_is_degraded_until_the_first_plan(now: datetime) -> None:
    assert health.planning_readiness(now) == {"status": "degraded", "last_planned_seconds_ago": None}


@pytest.mark.parametrize(("seconds", "status"), [(0, "ok"), (120, "ok"), (121, "degraded")])
def test_beat_is_degraded_where_the_last_plan_is_two_minutes_old(seconds: int, status: str, now: datetime) -> None:
    plan(now=now)

    later = now + timedelta(seconds=seconds)

    assert health.planning_readiness(later) == {"status": status, "last_planned_seconds_ago": seconds}


def test_beat_is_degraded_where_its_last_plan_lies_ahead(now: datetime) -> None:
    plan(now=now + timedelta(hours=3))

    assert health.planning_readiness(now) == {"status": "degraded", "last_planned_seconds_ago": -10800}


def test_beat_is_well_where_two_clocks_differ_by_a_moment(now: datetime) -> None:
    plan(now=now + timedelta(milliseconds=300))

    assert health.planning_readiness(now) == {"status": "ok", "last_planned_seconds_ago": 0}


def oldest(delivery: Delivery, seconds: int) -> dict[str, object]:
    """How the delivery is named: nobody reads there whose it is."""
    return {"id": delivery.pk, "kind": "gap_notice", "seconds": seconds}


def test_nothing_owed_is_well(now: datetime) -> None:
    owe(now - timedelta(hours=1), state="sent")
    owe(now + timedelta(minutes=1))

    assert health.delivery_readiness(now) == {"status": "ok", "oldest_overdue": None}


@pytest.mark.parametrize(("minutes", "status"), [(10, "ok"), (11, "degraded")])
def test_deliveries_are_degraded_where_one_is_ten_minutes_late(minutes: int, status: str, now: datetime) -> None:
    late = owe(now - timedelta(minutes=minutes))
    owe(now - timedelta(minutes=1))

    assert health.delivery_readiness(now) == {"status": status, "oldest_overdue": oldest(late, minutes * 60)}


def test_a_message_that_is_put_off_again_and_again_is_late_all_the_same(now: datetime) -> None:
    put_off = owe(now - timedelta(hours=1))
    lost = owe(now - timedelta(minutes=30))
    Delivery.objects.filter(pk=put_off.pk).update(due_at=now + timedelta(minutes=10), attempts=4)
    Delivery.objects.filter(pk=lost.pk).update(state="claimed", claim_token=uuid4(), lease_expires_at=now)

    assert health.delivery_readiness(now) == {"status": "degraded", "oldest_overdue": oldest(put_off, 3600)}


def test_a_message_that_is_sent_once_more_is_owed_since_then(now: datetime) -> None:
    again = owe(now - timedelta(days=9), resent_at=now - timedelta(minutes=2))

    assert health.delivery_readiness(now) == {"status": "ok", "oldest_overdue": oldest(again, 120)}


def test_readiness_tells_both() -> None:
    plan(now=timezone.now())

    answer = Client().get("/readyz").json()

    assert answer["beat"]["status"] == "ok"
    assert answer["deliveries"] == {"status": "ok", "oldest_overdue": None}


@pytest.mark.parametrize("is_made", [True, False])
def test_uploads_are_well_where_they_can_be_written_and_the_probe_leaves_nothing(
    is_made: bool, now: datetime, tmp_path: Path, settings
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    if is_made:
        (tmp_path / "media" / "letters").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))

    assert health.upload_readiness(now) == {"status": "ok"}
    assert sorted(tmp_path.rglob("*")) == before


def test_uploads_are_degraded_where_nothing_can_be_written(now: datetime, tmp_path: Path, settings) -> None:
    (tmp_path / "media").write_text("a file in place of the directory")
    settings.MEDIA_ROOT = str(tmp_path / "media")

    assert health.upload_readiness(now) == {"status": "degraded", "errno": "ENOTDIR"}


def test_uploads_are_degraded_where_they_lie_in_a_directory_that_is_closed_to_this_account(
    now: datetime, tmp_path: Path, settings
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    settings.MEDIA_ROOT = str(closed / "media")

    with closed_to_this_process(closed):
        answer = health.upload_readiness(now)

    assert answer == {"status": "degraded", "errno": "EACCES"}


def test_uploads_are_degraded_where_their_path_cannot_be_followed(now: datetime, tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = str(tmp_path / ("long" * 100))

    assert health.upload_readiness(now) == {"status": "degraded", "errno": "ENAMETOOLONG"}


def test_uploads_are_degraded_where_not_a_block_can_be_written(now: datetime, tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = str(tmp_path)

    with largest_file(1_000):
        answer = health.upload_readiness(now)

    assert answer == {"status": "degraded", "errno": "EFBIG"}
    assert list(tmp_path.iterdir()) == []


def test_uploads_are_degraded_where_the_largest_one_has_no_room(now: datetime, tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.LARGEST_UPLOAD = shutil.disk_usage(tmp_path).total + 1

    assert health.upload_readiness(now) == {"status": "degraded", "errno": "ENOSPC"}


def test_uploads_are_degraded_where_they_cannot_arrive(now: datetime, tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "nowhere")

    assert health.upload_readiness(now) == {"status": "degraded", "errno": "ENOENT"}
