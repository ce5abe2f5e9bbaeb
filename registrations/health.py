"""The parts of /readyz about planning, sending, uploads and the inbox (see `READINESS_CHECKS` in the settings)."""

import errno
import os
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage

from registrations.models import OVERDUE_AFTER, Delivery, InboxState
from registrations.services.delivering import plan
from registrations.services.personal_data.files import LETTERS_FOLDER

# Beat plans every 30 s; a long plan or a restart may miss two of them.
PLANNED_WITHIN = timedelta(seconds=120)
# Beat starts a pass over the inbox each minute.
INBOX_READ_WITHIN = timedelta(minutes=10)
ONE_BLOCK = b"\0" * 4096


def planning_readiness(now: datetime) -> dict[str, object]:
    """Return "degraded" if no plan has finished lately: beat or every worker is away.

    Also if the last plan lies in the future: the clock was set back, so that nobody can tell.
    """
    last = plan.last_planned_at()
    if last is None:
        return {"status": "degraded", "last_planned_seconds_ago": None}
    # Rounded, since the clocks of two hosts may differ a little.
    ago = timedelta(seconds=round((now - last).total_seconds()))
    return {
        "status": "ok" if timedelta(0) <= ago <= PLANNED_WITHIN else "degraded",
        "last_planned_seconds_ago": ago // timedelta(seconds=1),
    }


def delivery_readiness(now: datetime) -> dict[str, object]:
    """Return "degraded" if a message is overdue: the workers or the mail server are away.

    Names the message that has been owed longest by its id, which the list of deliveries opens, and by no personal data.
    The due time does not count, since each failed attempt postpones it.
    """
    oldest = Delivery.objects.waiting(now).first()
    if oldest is None:
        return {"status": "ok", "oldest_overdue": None}
    overdue = now - oldest.owed_since
    return {
        "status": "ok" if overdue <= OVERDUE_AFTER else "degraded",
        "oldest_overdue": {"id": oldest.pk, "kind": oldest.kind, "seconds": round(overdue.total_seconds())},
    }


def upload_readiness(now: datetime) -> dict[str, object]:
    """Return "degraded" with the name of the error if a letter could not be stored in MEDIA_ROOT or uploaded.

    Writes one block into an unnamed file in both directories, and checks that they have room for the largest letter.
    """
    folder = Path(default_storage.path(LETTERS_FOLDER))
    try:
        # The first letter creates it.
        while not folder.exists():
            folder = folder.parent
        for each in (folder, settings.FILE_UPLOAD_TEMP_DIR or tempfile.gettempdir()):
            with tempfile.TemporaryFile(dir=each) as probe:
                probe.write(ONE_BLOCK)
                probe.flush()
            if shutil.disk_usage(each).free < settings.LARGEST_UPLOAD:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        return {"status": "degraded", "errno": errno.errorcode.get(error.errno or 0)}
    return {"status": "ok"}


def inbox_readiness(now: datetime) -> dict[str, object]:
    """Return "degraded" if no pass over the inbox has finished for ten minutes; "ok" if there is no INBOX_URL.

    `failure` is a code for why the last pass did not finish, such as "sign_in_refused".
    """
    if not settings.INBOX_URL:
        return {"status": "ok", "last_read_seconds_ago": None}
    state = InboxState.objects.filter(pk=InboxState.KEY).first()
    if state is None or state.read_at is None:
        return {"status": "degraded", "last_read_seconds_ago": None, "failure": state.failure if state else ""}
    ago = now - state.read_at
    status = "ok" if ago <= INBOX_READ_WITHIN else "degraded"
    return {"status": status, "last_read_seconds_ago": round(ago.total_seconds()), "failure": state.failure}
